"""Who the caller is, and how the connection to a server is encrypted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from ansatz.client.errors import InvalidRequest


@dataclass(frozen=True)
class Credentials:
    """A token, and PEM files for an encrypted connection, which is used where one of them is given or `tls` is set.

    A unix socket is never encrypted.

    Attributes:
        token: what the server's keeper gave you
        tls: whether the connection is encrypted without files, too
        ca: the authority that signed the server's certificate; None: those of the system
        certificate, key: yours, for servers that ask for them
    """

    token: str = field(default="", repr=False)
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise InvalidRequest.of("credentials", "hold a certificate or a key alone; give both")
        if not (self.token.isascii() and self.token.isprintable()) or " " in self.token:
            raise InvalidRequest.of(
                "credentials.token", "holds characters that no token has; give it as it was printed"
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Credentials:
        """Read ANSATZ_TOKEN, ANSATZ_TLS (any text), ANSATZ_TLS_CA, ANSATZ_TLS_CERT and ANSATZ_TLS_KEY."""

        def path(name: str) -> Path | None:
            return Path(environment[name]) if environment.get(name) else None

        return cls(
            token=environment.get("ANSATZ_TOKEN", "").strip(),
            tls=bool(environment.get("ANSATZ_TLS")),
            ca=path("ANSATZ_TLS_CA"),
            certificate=path("ANSATZ_TLS_CERT"),
            key=path("ANSATZ_TLS_KEY"),
        )

    @property
    def encrypts(self) -> bool:
        return self.tls or self.ca is not None or self.certificate is not None

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return what goes with every call."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return those of an encrypted channel. Raises InvalidRequest where a file cannot be read."""
        return grpc.ssl_channel_credentials(
            root_certificates=_read(self.ca, "ca"),
            private_key=_read(self.key, "key"),
            certificate_chain=_read(self.certificate, "certificate"),
        )


def _read(path: Path | None, what: str) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest.of(f"credentials.{what}", f"{path} cannot be read: {error.strerror}") from None
