"""Jobs and their events, durable."""

from ansatz.service.store.database import Database, StoreUnreachableError
from ansatz.service.store.queue import Lease, LeaseLostError, Queue, Renewal, Started
from ansatz.service.store.store import (
    FINAL_STATES,
    GONE,
    CallerFullError,
    NewJob,
    QueueFullError,
    Store,
    UploadGoneError,
)
from ansatz.service.store.uploads import TooManyUploadsError, UploadStore

__all__ = [
    "FINAL_STATES", "GONE", "CallerFullError", "Database", "Lease", "LeaseLostError", "NewJob", "Queue",
    "QueueFullError", "Renewal", "Started", "Store", "StoreUnreachableError",
    "TooManyUploadsError", "UploadGoneError", "UploadStore",
]  # fmt: skip
