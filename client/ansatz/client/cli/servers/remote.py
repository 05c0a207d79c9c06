"""Checks of a server that runs, from where a caller stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import grpc

from ansatz import distribution
from ansatz.client.cli.servers.check import Check
from ansatz.client.client import Client
from ansatz.client.connection import connection
from ansatz.client.connection.credentials import Credentials
from ansatz.client.errors import AnsatzError

_REACH_SECONDS: Final = 10.0
_HEALTH: Final = {b"": "UNKNOWN", b"\x08\x01": "SERVING", b"\x08\x02": "NOT_SERVING", b"\x08\x03": "SERVICE_UNKNOWN"}
_LOOPBACK: Final = ("unix:", "localhost:", "127.", "[::1]")


def check_server(address: str) -> Iterator[Check]:
    """Yield what a caller meets: encryption, reachability, health, and whether both sides agree."""
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
    ours = distribution.version()
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
