"""What is counted and measured, by Prometheus. No label takes values from callers: the series are bounded in number."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

_CALL_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_JOB_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

RPC_SECONDS: Final = Histogram(
    "ansatz_rpc_duration_seconds",
    "Calls of DiscoveryService until their last answer; a watch lasts as long as its caller watches.",
    ("method", "code"),
    buckets=_CALL_SECONDS,
)
SEARCH_SECONDS: Final = Histogram(
    "ansatz_search_duration_seconds", "Searches, from the worker's start to its end, however it ended.",
    buckets=_JOB_SECONDS,
)  # fmt: skip
QUEUE_SECONDS: Final = Histogram(
    "ansatz_queue_wait_seconds", "Jobs that a worker took, from the queue's end to the worker.", buckets=_JOB_SECONDS
)
JOBS_ENDED: Final = Counter("ansatz_jobs_ended", "Jobs that this server brought to an end.", ("state",))
WORKER_RESTARTS: Final = Counter(
    "ansatz_worker_restarts", "Worker processes that ended and were replaced.", ("role", "reason")
)
