"""ansatz doctor"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Annotated, Any, Final

import grpc
import typer

from ansatz.client.cli import failures
from ansatz.client.cli.output import Format, Output
from ansatz.client.cli.running.private_server import missing_server_extra
from ansatz.client.cli.views.report import checks_view
from ansatz.client.client import Client
from ansatz.client.connection import connection
from ansatz.client.connection.credentials import Credentials
from ansatz.client.errors import AnsatzError, InvalidRequest

# Flags of `ansatz serve` are passed on to the checks of this machine.
CONTEXT: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True}
_LOCAL_SECONDS: Final = 300.0
_REACH_SECONDS: Final = 10.0
_HEALTH: Final = {b"": "UNKNOWN", b"\x08\x01": "SERVING", b"\x08\x02": "NOT_SERVING", b"\x08\x03": "SERVICE_UNKNOWN"}
_LOOPBACK: Final = ("unix:", "localhost:", "127.", "[::1]")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `status` is ok, warning or failed."""

    name: str
    status: str
    found: str
    remedy: str = ""


def doctor(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Option("--server", metavar="HOST:PORT", help="Check this server, and not this machine.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check what a server on this machine needs (engines, store, limits, certificates, addresses), or a server that
    runs, and say what to do. Flags of `ansatz serve` say what the server on this machine would be started with. Exit
    status 1 where a check failed."""
    output = Output(Format.JSON if json_ else Format.TABLE)
    with failures.reported(output):
        if server and context.args:
            raise InvalidRequest.of(
                "command line", f"{context.args[0]} is about this machine; leave it or --server out"
            )
        checks = list(_of_server(server)) if server else _of_this_machine(context.args)
        healthy = not any(check.status == "failed" for check in checks)
        output.result({"healthy": healthy, "checks": [asdict(check) for check in checks]}, checks_view(checks))
        if not healthy:
            raise typer.Exit(failures.FAILED)


def _of_this_machine(flags: Sequence[str]) -> list[Check]:
    if missing := missing_server_extra():
        remedy = "install the extra: pip install 'ansatz[server]'; or check a server elsewhere with --server"
        return [Check("packages", "failed", f"a server needs {', '.join(missing)}", remedy)]
    command = [sys.executable, "-P", "-m", "ansatz.service.doctor", *flags]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_LOCAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [Check("checks", "failed", "did not end in time", "look for what keeps this machine or the store busy")]
    if run.returncode:
        return [Check("checks", "failed", "ended with the error above", "mend it, or report it with that text")]
    return [Check(**found) for found in json.loads(run.stdout)]


def _of_server(address: str) -> Iterator[Check]:
    credentials = Credentials.from_environment()
    yield _encryption(address, credentials)
    with connection.open_channel(address, credentials) as channel:
        try:
            grpc.channel_ready_future(channel).result(_REACH_SECONDS)
        except grpc.FutureTimeoutError:
            yield _unreachable(address, credentials)
            return
        yield Check("reachable", "ok", f"{address} takes connections")
        yield _health(channel)
    yield from _agreement(address, credentials)


def _unreachable(address: str, credentials: Credentials) -> Check:
    """What a call says of it is more than that the channel does not get ready."""
    try:
        with Client(address, credentials=credentials, timeout=_REACH_SECONDS) as client:
            client.server_info()
    except AnsatzError as error:
        return Check(
            "reachable", "failed", error.message,
            "check the address, that the server runs, firewalls between, and that both sides encrypt or neither",
        )  # fmt: skip
    return Check("reachable", "ok", f"{address} takes connections")


def _encryption(address: str, credentials: Credentials) -> Check:
    if address.startswith(_LOOPBACK):
        return Check("encryption", "ok", "not needed on this machine")
    if credentials.encrypts:
        return Check("encryption", "ok", "by TLS")
    remedy = "set ANSATZ_TLS=1, or ANSATZ_TLS_CA to the file of the server's authority"
    return Check("encryption", "warning", "none: data and token can be read on the way", remedy)


def _health(channel: grpc.Channel) -> Check:
    """By the standard health service, whose messages are small enough to write by hand: the client has no stub."""
    check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
    try:
        found = _HEALTH.get(check(b"", timeout=_REACH_SECONDS), "UNKNOWN")
    except grpc.RpcError as error:
        return Check("health", "failed", f"no answer: {error.code().name}", "is it an Ansatz server?")
    if found == "SERVING":
        return Check("health", "ok", found)
    remedy = "wait: workers warm up, or the server stops; where it stays so, its log says why workers do not get warm"
    return Check("health", "failed", found, remedy)


def _agreement(address: str, credentials: Credentials) -> Iterator[Check]:
    try:
        with Client(address, credentials=credentials, timeout=_REACH_SECONDS) as client:
            info = client.server_info()
    except AnsatzError as error:
        remedy = "set ANSATZ_TOKEN to a token of this server" if "TOKEN" in error.reason else "see the server's log"
        yield Check("calls", "failed", error.message, remedy)
        return
    yield Check("calls", "ok", f"answered; {info.workers} workers")
    ours = metadata.version("ansatz")
    if info.version == ours:
        yield Check("version", "ok", f"{ours} on both sides")
    else:
        remedy = "install the same version where a method or an option is missing"
        yield Check("version", "warning", f"server {info.version}, here {ours}", remedy)
    ready = [engine.engine for engine in info.engines if engine.ready]
    if ready:
        yield Check("engines", "ok", f"ready: {', '.join(ready)}")
    else:
        yield Check("engines", "warning", "none is ready; searches run without", "run `ansatz doctor` on that machine")
