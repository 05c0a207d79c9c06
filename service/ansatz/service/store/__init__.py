"""Jobs and their events, durable."""

from ansatz.service.store.store import FINAL_STATES, Census, NewJob, Owned, Started, Store, StoredRequest, Unfinished

__all__ = ["FINAL_STATES", "Census", "NewJob", "Owned", "Started", "Store", "StoredRequest", "Unfinished"]
