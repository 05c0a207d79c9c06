"""How a channel is made and how long a call may take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import grpc

from ansatz.client.connection.credentials import Credentials

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
# One call of WaitJob lasts this long at most; a longer wait is several calls.
WAIT_SECONDS: Final = 20.0

_SERVICE: Final = "ansatz.v1.DiscoveryService"
# Safe to send twice. CreateJob is because every request carries a request_id; DeleteJob is not: the second answer
# would be NOT_FOUND. WatchJob and UploadObservations are begun anew by their callers here.
_REPEATABLE: Final = (
    "CreateJob", "GetJob", "ListJobs", "WaitJob", "CancelJob", "EvaluateFormula", "CompareFormulas",
    "ProposeExperiments", "RenderPlot", "PredictCurves", "GetServerInfo",
)  # fmt: skip
_RETRY_POLICY: Final = {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2.0,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_MAX_ANSWER_BYTES: Final = 64 * 2**20


def is_attached(metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
    """Return whether what came first from a server says that it has a watch or a wait, with nothing to tell yet."""
    return any(key == "ansatz-attached" for key, _ in metadata or ())


def channel_options() -> Sequence[tuple[str, Any]]:
    """Return how a channel behaves.

    What is safe to repeat is tried again, requests are as large as the server takes, reconnection is quick, and pings
    end a watch over a connection that died in silence.
    """
    service_config = {
        "methodConfig": [
            {"name": [{"service": _SERVICE, "method": m} for m in _REPEATABLE], "retryPolicy": _RETRY_POLICY}
        ]
    }
    return (
        ("grpc.service_config", json.dumps(service_config)),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", _MAX_ANSWER_BYTES),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
    )


def open_channel(target: str, credentials: Credentials) -> grpc.Channel:
    """Return a channel to `target`, "HOST:PORT" or "unix:PATH". It connects with the first call."""
    if _encrypted(target, credentials):
        return grpc.secure_channel(target, credentials.channel_credentials(), options=channel_options())
    return grpc.insecure_channel(target, options=channel_options())


def open_aio_channel(target: str, credentials: Credentials) -> grpc.aio.Channel:
    """As `open_channel`, for an event loop."""
    if _encrypted(target, credentials):
        return grpc.aio.secure_channel(target, credentials.channel_credentials(), options=channel_options())
    return grpc.aio.insecure_channel(target, options=channel_options())


def _encrypted(target: str, credentials: Credentials) -> bool:
    return credentials.encrypts and not target.startswith("unix:")
