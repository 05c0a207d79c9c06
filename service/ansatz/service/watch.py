"""Who watches a job hears every event once and in order, from the store at first and then as it happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator

from ansatz.service import errors
from ansatz.service.observability.metrics import JOBS_ENDED
from ansatz.service.store import FINAL_STATES, Store
from ansatz.v1 import job_pb2

_TAIL = 64
_BATCH = 256


class Feed:
    """The newest events of a job that is not final, and a signal for each new one."""

    def __init__(self) -> None:
        self._tail: deque[job_pb2.JobEvent] = deque(maxlen=_TAIL)
        self.changed = asyncio.Event()
        self.final = False

    def publish(self, event: job_pb2.JobEvent) -> None:
        self._tail.append(event)
        self.final = event.state_change.state in FINAL_STATES
        self.wake()

    def wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def after(self, sequence: int) -> list[job_pb2.JobEvent] | None:
        """Events after a sequence; None where the next one is no longer, or not yet, held here."""
        if self._tail and self._tail[0].sequence <= sequence + 1:
            return [e for e in self._tail if e.sequence > sequence]
        return None


class EventHub:
    """Feeds of the jobs that are not final. Nothing is kept for a watcher but its place, so slow ones harm nobody."""

    def __init__(self, store: Store, max_watchers: int) -> None:
        self._store, self._max_watchers = store, max_watchers
        self._feeds: dict[str, Feed] = {}
        self._watchers = 0
        self._closed = False

    @property
    def watchers(self) -> int:
        """Calls that watch or wait now."""
        return self._watchers

    def open(self, job_id: str) -> None:
        """Take up a job that is not final."""
        self._feeds.setdefault(job_id, Feed())

    def publish(self, job_id: str, event: job_pb2.JobEvent) -> None:
        """Tell the watchers of an event that is in the store. Call it in the order of the sequences."""
        self.open(job_id)
        feed = self._feeds[job_id]
        feed.publish(event)
        if feed.final:
            JOBS_ENDED.labels(job_pb2.JobState.Name(event.state_change.state).removeprefix("JOB_STATE_").lower()).inc()
            del self._feeds[job_id]

    async def watch(self, job_id: str, after: int) -> AsyncIterator[job_pb2.JobEvent]:
        """Events after a sequence until the job is final. Raises ServiceError where there are too many watchers."""
        with self.place():
            feed = self._feeds.get(job_id)
            while True:
                changed = feed.changed if feed else None
                events = feed.after(after) if feed else None
                if events is None:
                    events = await self._store.events(job_id, after, _BATCH)
                for event in events:
                    yield event
                    after = event.sequence
                if events:
                    continue
                if feed is None or changed is None or feed.final:
                    return
                if self._closed:
                    raise errors.stopping()
                await changed.wait()

    async def wait_final(self, job_id: str, timeout: float) -> None:
        """Return when the job is final or `timeout` seconds are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                feed = self._feeds.get(job_id)
                while feed and not feed.final and not self._closed:
                    await feed.changed.wait()

    def close(self) -> None:
        """Send every watcher away: the server stops."""
        self._closed = True
        for feed in self._feeds.values():
            feed.wake()

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """One of the places of watchers. Raises ServiceError where all are taken."""
        if self._watchers >= self._max_watchers:
            raise errors.exhausted(
                "TOO_MANY_WATCHERS", f"{self._max_watchers} calls watch jobs already; try again later", 5
            )
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1
