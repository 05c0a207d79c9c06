"""A server for one command: a child process on a socket that nobody else can reach, gone with the command."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ansatz import distribution
from ansatz.client.errors import InvalidRequest, Unavailable

_NEEDED: Final = (
    "grpc_health", "grpc_reflection", "numpy", "scipy", "sympy", "sqlalchemy", "alembic", "pydantic_settings",
    "structlog", "prometheus_client",
)  # fmt: skip
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 5.0


@contextmanager
def server_address(server: str | None) -> Iterator[str]:
    """Give `server` itself, or the address of a private one that lives as long as the context."""
    if server:
        yield server
        return
    require_server_extra()
    with (
        tempfile.TemporaryDirectory(prefix="ansatz-", ignore_cleanup_errors=True) as folder,
        _child(Path(folder)) as child,
    ):
        yield _listening_address(child, Path(folder))


def missing_server_extra() -> list[str]:
    """Return the packages that this machine lacks to run a server."""
    return [name for name in _NEEDED if find_spec(name) is None]


def require_server_extra() -> None:
    """Raise InvalidRequest where this machine cannot run a server."""
    if missing := missing_server_extra():
        raise InvalidRequest(
            f"a server on this machine needs {', '.join(missing)}; install the extra: "
            f"{distribution.install('server')}, or name a server with --server",
            reason="MISSING_EXTRA",
        )


@contextmanager
def _child(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    listen = f"unix:{folder / 'socket'}" if hasattr(socket, "AF_UNIX") else "127.0.0.1:0"
    command = [sys.executable, "-P", "-m", "ansatz.service", "--listen", listen, "--data-dir", str(folder / "data")]
    command += ["--workers", "1", "--exit-with-parent", "--drain-seconds", "0"]
    with (folder / "log").open("wb") as log:
        # In a session of its own, so that Ctrl-C on the terminal reaches this process alone. Its standard input is a
        # pipe that ends when this process does, however it ends: the child then stops.
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    try:
        yield child
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # the workers too
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _listening_address(child: subprocess.Popen[bytes], folder: Path) -> str:
    """The address that the child prints once it accepts calls."""
    if child.stdout is None:
        raise AssertionError("the child's standard output is a pipe")
    said, end = b"", time.monotonic() + _START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while time.monotonic() < end:
            if not selector.select(timeout=0.5):
                continue
            chunk = os.read(child.stdout.fileno(), 4096)
            said += chunk
            for line in said.split(b"\n")[:-1]:
                if line.startswith(b"listening "):
                    return line.removeprefix(b"listening ").decode().strip()
            if not chunk:
                break
    log = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
    raise Unavailable(f"the private server did not start:\n{log[-2000:]}", reason="PRIVATE_SERVER")
