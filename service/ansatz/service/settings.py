"""Configuration of a server, from flags and from environment variables ``ANSATZ_*`` (flags win)."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, CliImplicitFlag, SettingsConfigDict

from ansatz.service.access.token_file import read as read_tokens
from ansatz.service.access.transport import Transport
from ansatz.service.machine import memory_bytes

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

MIB = 1024 * 1024
_LEAST_WORKER_MEMORY = 256 * MIB


def _default_data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "ansatz"


def _default_workers() -> int:
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


class Settings(BaseSettings):
    """Serve discoveries over gRPC. Every flag is an environment variable too: ANSATZ_LISTEN for --listen, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="ANSATZ_",
        env_ignore_empty=True,
        # Secrets of containers: a file for a setting, as ansatz_store.
        secrets_dir=os.environ.get("ANSATZ_SECRETS_DIR"),
        frozen=True,
        cli_kebab_case=True,
        cli_prog_name="ansatz serve",
    )

    listen: Annotated[str, Field(description="HOST:PORT (port 0: any free one) or unix:/path")] = "127.0.0.1:50051"
    data_dir: Annotated[Path, Field(description="where jobs are stored")] = Field(default_factory=_default_data_dir)
    # Secret: it may hold a password, which no log shows.
    store: Annotated[
        SecretStr | None,
        Field(
            description="URL of the database of jobs, sqlite:////path/of/file.db or "
            "postgresql://USER:PASSWORD@HOST/DATABASE (default: SQLite in the data directory)"
        ),
    ] = None
    workers: Annotated[int, Field(ge=1, le=256, description="searches at the same time")] = Field(
        default_factory=_default_workers
    )
    worker_memory_mib: Annotated[
        int | None,
        Field(ge=256, description="MiB of a worker; default: an even share of four fifths of the memory there is"),
    ] = None
    insecure: Annotated[
        CliImplicitFlag[bool], Field(description="listen without encryption where other machines can reach it")
    ] = False
    tls_cert: Annotated[Path | None, Field(description="PEM file of the server's certificate: encrypts")] = None
    tls_key: Annotated[Path | None, Field(description="PEM file of its key")] = None
    tls_client_ca: Annotated[
        Path | None, Field(description="PEM file of the authority that signs callers' certificates: they need one")
    ] = None
    tokens: Annotated[
        Path | None,
        Field(description="file of tokens (`ansatz tokens`): callers need one, and see their own jobs only"),
    ] = None
    reflection: Annotated[CliImplicitFlag[bool], Field(description="tell callers the methods there are")] = True
    metrics: Annotated[
        str | None,
        Field(description="HOST:PORT of an HTTP port that tells metrics to Prometheus (port 0: any free one)"),
    ] = None
    exit_with_parent: Annotated[
        CliImplicitFlag[bool], Field(description="stop when standard input, a pipe from the parent, ends")
    ] = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    max_rows: Annotated[int, Field(ge=5, description="rows of a table")] = 1_000_000
    max_columns: Annotated[int, Field(ge=2, description="columns of a table")] = 1_000
    max_message_mib: Annotated[int, Field(ge=1, le=2047, description="MiB of a request")] = 128
    max_upload_mib: Annotated[
        int,
        Field(ge=1, le=900, description="MiB of observations that are sent in pieces, being too large for a request"),
    ] = 512
    max_queued_jobs: Annotated[int, Field(ge=1, description="jobs that wait for a worker")] = 1_000
    max_jobs_per_caller: Annotated[
        int, Field(ge=1, description="jobs of one caller that wait or run; without tokens all callers are one")
    ] = 500
    max_watchers: Annotated[int, Field(ge=1, description="watches and waits at the same time")] = 2_000
    drain_seconds: Annotated[
        float, Field(ge=0, le=3600, description="for how long running searches may go on when the server is to stop")
    ] = 10.0
    keep_days: Annotated[
        float | None, Field(gt=0, description="days after which ended jobs are deleted (default: they are kept)")
    ] = None
    lease_seconds: Annotated[
        float, Field(ge=1, le=3600, description="after how long without a heartbeat a server's jobs are taken up again")
    ] = 15.0
    stop_grace_seconds: Annotated[
        float, Field(gt=0, le=60, description="for how long a search may outlast a cancel")
    ] = 2.0

    @property
    def store_url(self) -> URL:
        """Of the database of jobs."""
        from ansatz.service.store.database import parsed

        return parsed(self.store.get_secret_value() if self.store else f"sqlite:///{self.data_dir / 'jobs.db'}")

    @property
    def lock_file(self) -> Path | None:
        """What the only server of a SQLite database locks; None where several servers may share the database."""
        if self.store is None:
            return self.data_dir / "lock"
        file = self.store_url.database if self.store_url.get_backend_name() == "sqlite" else None
        return None if file is None else Path(f"{file}.lock")

    @property
    def worker_memory_bytes(self) -> int:
        """What a worker may use. By default all of them, the one that evaluates included, leave a fifth of the memory
        to the server and the rest of the machine."""
        if self.worker_memory_mib is not None:
            return self.worker_memory_mib * MIB
        return max(_LEAST_WORKER_MEMORY, memory_bytes() * 4 // 5 // (self.workers + 1))

    @property
    def transport(self) -> Transport | None:
        """How the connection is encrypted; None: it is not."""
        if self.tls_cert is None or self.tls_key is None:
            return None
        return Transport(self.tls_cert, self.tls_key, self.tls_client_ca)

    @field_validator("store")
    @classmethod
    def _store(cls, store: SecretStr | None) -> SecretStr | None:
        if store is not None:
            # Imported only here: without a URL, what it needs is imported while the workers warm up.
            from ansatz.service.store.database import parsed

            parsed(store.get_secret_value())
        return store

    @model_validator(mode="after")
    def _tls(self) -> Settings:
        given = [self.tls_cert is not None, self.tls_key is not None]
        if any(given) != all(given) or (self.tls_client_ca is not None and not all(given)):
            raise ValueError("tls_cert and tls_key: give both, or neither and no tls_client_ca")
        _ = self.transport
        if self.tokens is not None:
            read_tokens(self.tokens)
        return self

    @model_validator(mode="after")
    def _address(self) -> Settings:
        host = listen_host(self.listen)
        if host is not None and not is_loopback(host) and self.tls_cert is None and not self.insecure:
            raise ValueError(
                f"listen: {self.listen!r} can be reached from other machines and the connection is not encrypted; "
                "listen on 127.0.0.1, give --tls-cert and --tls-key, or give --insecure"
            )
        if self.metrics_address is not None and not is_loopback(self.metrics_address[0]) and not self.insecure:
            raise ValueError(
                f"metrics: {self.metrics!r} can be reached from other machines, and metrics are neither encrypted nor "
                "asked a token for; give an address of 127.0.0.1, or give --insecure"
            )
        return self

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """Host and port to tell metrics on; None: nowhere. Raises ValueError where it is no address."""
        if self.metrics is None:
            return None
        host = listen_host(self.metrics, "metrics", unix=False)
        assert host is not None
        return host, int(self.metrics.rpartition(":")[2])


def listen_host(listen: str, field: str = "listen", unix: bool = True) -> str | None:
    """The host of an address to listen on; None for a unix socket. Raises ValueError where it is no address."""
    if unix and listen.startswith("unix:"):
        if not listen.removeprefix("unix:"):
            raise ValueError(f"{field}: 'unix:' names no path; give unix:/path/of/socket")
        return None
    host, colon, port = listen.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        forms = "HOST:PORT, [IPv6]:PORT or unix:/path" if unix else "HOST:PORT or [IPv6]:PORT"
        raise ValueError(f"{field}: {listen!r} is no address; give {forms}")
    return host.removeprefix("[").removesuffix("]")


def is_loopback(host: str) -> bool:
    """Only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
