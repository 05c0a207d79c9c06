"""Encryption of the connection: TLS, and mutual TLS where callers must have a certificate too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True)
class Transport:
    """PEM files of a server: its certificate and key, and the authority that signs callers' certificates (None: callers
    need none). Raises ValueError, with the file and what to do, where one is missing or is no PEM."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def __post_init__(self) -> None:
        for what, path in (("certificate", self.certificate), ("key", self.key), ("authority", self.client_authority)):
            if path is not None and b"-----BEGIN " not in _read(path):
                raise ValueError(f"{path} holds no PEM; give the {what} in PEM form")

    def credentials(self) -> grpc.ServerCredentials:
        """What gRPC needs to listen."""
        authority = None if self.client_authority is None else _read(self.client_authority)
        return grpc.ssl_server_credentials(
            [(_read(self.key), _read(self.certificate))], authority, require_client_auth=authority is not None
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
