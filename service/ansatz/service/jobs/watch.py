"""Who watches a job hears every event once and in order, from the store at first and then as it happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator

from ansatz.service import errors
from ansatz.service.observability.metrics import JOBS_ENDED
from ansatz.service.store import FINAL_STATES, GONE, Store
from ansatz.v1 import job_pb2

_TAIL = 64
# Events that are read at once for a watcher who catches up, and all that is held for one who does not read on.
_BATCH = 16


class Feed:
    """The newest events of a job that somebody watches, without a gap, and a signal for each new one."""

    def __init__(self) -> None:
        self._tail: deque[job_pb2.JobEvent] = deque(maxlen=_TAIL)
        self.changed = asyncio.Event()
        self.final = self.gone = False
        self.watchers = 0

    @property
    def last(self) -> int:
        """The sequence of the newest event here; 0: none is."""
        return self._tail[-1].sequence if self._tail else 0

    def publish(self, event: job_pb2.JobEvent) -> None:
        """Take up an event unless it is here already: it may come from a worker and by way of the store."""
        if event.sequence <= self.last:
            return
        if event.sequence > self.last + 1:
            self._tail.clear()
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
    """Feeds of the jobs that are watched. Nothing is kept for a watcher but its place, so slow ones harm nobody."""

    def __init__(self, store: Store, max_watchers: int) -> None:
        self._store, self._max_watchers = store, max_watchers
        self._feeds: dict[str, Feed] = {}
        self._watchers = 0
        self._closed = False

    @property
    def watchers(self) -> int:
        """Calls that watch or wait now."""
        return self._watchers

    def publish(self, job_id: str, event: job_pb2.JobEvent) -> None:
        """Tell the watchers of an event that this server has put into the store."""
        if event.state_change.state in FINAL_STATES:
            JOBS_ENDED.labels(job_pb2.JobState.Name(event.state_change.state).removeprefix("JOB_STATE_").lower()).inc()
        if feed := self._feeds.get(job_id):
            feed.publish(event)

    def forget(self, job_id: str) -> None:
        """The job was deleted: who still hears of it is told no more, and another job may get its id."""
        if feed := self._feeds.pop(job_id, None):
            feed.gone = feed.final = True
            feed.wake()

    async def catch_up(self, job_id: str, sequence: int) -> None:
        """Tell the watchers of events up to a sequence, which another server may have put into the store."""
        if sequence == GONE and await self._store.state(job_id) is None:
            self.forget(job_id)
        feed = self._feeds.get(job_id)
        if feed is None or sequence <= feed.last:
            return
        stored = await self._store.events(job_id, max(feed.last, sequence - _TAIL), _BATCH)
        for event in stored.events:
            feed.publish(event)
        feed.final = feed.final or stored.over
        feed.wake()

    async def catch_up_all(self) -> None:
        """As catch_up, of every job that is watched."""
        watched = list(self._feeds)
        if watched:
            last = await self._store.last_sequences(watched)
            for job_id in watched:
                await self.catch_up(job_id, last.get(job_id, GONE))

    async def watch(self, job_id: str, after: int) -> AsyncIterator[job_pb2.JobEvent]:
        """Events after a sequence until the job is final or gone. Raises ServiceError where there are too many
        watchers."""
        with self.place(), self._feed(job_id) as feed:
            while True:
                changed, final = feed.changed, feed.final
                events = feed.after(after)
                if events is None and feed.gone:
                    return
                if events is None:
                    stored = await self._store.events(job_id, after, _BATCH)
                    events, final = stored.events, stored.over
                for event in events:
                    yield event
                    after = event.sequence
                if final:
                    return
                if events:
                    continue
                if self._closed:
                    raise errors.stopping()
                await changed.wait()

    async def wait_final(self, job_id: str, timeout: float) -> None:
        """Return when the job is final or gone, or `timeout` seconds are over."""
        with contextlib.suppress(TimeoutError), self._feed(job_id) as feed:
            async with asyncio.timeout(timeout):
                while not (feed.final or self._closed):
                    changed = feed.changed
                    if not feed.last and await self._over(job_id):
                        return
                    await changed.wait()

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

    async def _over(self, job_id: str) -> bool:
        state = await self._store.state(job_id)
        return state is None or state in FINAL_STATES

    @contextlib.contextmanager
    def _feed(self, job_id: str) -> Iterator[Feed]:
        feed = self._feeds.setdefault(job_id, Feed())
        feed.watchers += 1
        try:
            yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers and self._feeds.get(job_id) is feed:
                del self._feeds[job_id]
