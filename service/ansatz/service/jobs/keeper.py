"""What a server does for its jobs all the time: heartbeats, and listening to the other servers on its store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from ansatz.service.jobs.runner import Runner
from ansatz.service.jobs.watch import EventHub
from ansatz.service.limits.limits import MAX_ATTEMPTS
from ansatz.service.store import Database, Queue
from ansatz.service.store.signals import Signal, What

_BEATS_A_LEASE = 3
_LISTEN_AGAIN_SECONDS = 1.0
_log = structlog.get_logger()


class Keeper:
    """Renews the leases of what runs here, takes up jobs whose server is gone, and hears what other servers tell."""

    def __init__(self, database: Database, queue: Queue, runner: Runner, hub: EventHub, lease_seconds: float) -> None:
        self._database, self._queue, self._runner, self._hub = database, queue, runner, hub
        self._interval = lease_seconds / _BEATS_A_LEASE
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what an earlier server left, then beat."""
        await self._take_up(all_leases=not self._database.shared)
        work: list[Coroutine[None, None, None]] = [self._again(self._beat)]
        if self._database.shared:
            work += [self._again(self._hub.catch_up_all), self._listen()]
        self._tasks = [asyncio.create_task(one) for one in work]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, beat: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await beat()
            except Exception as error:
                _log.error("heartbeat failed; trying again at the next", exc_info=error)

    async def _beat(self) -> None:
        # Renewed before others are taken up: a machine that slept keeps what nobody else took meanwhile.
        if leases := self._runner.leases:
            self._runner.heed(await self._queue.renew(leases))
        await self._take_up()

    async def _take_up(self, all_leases: bool = False) -> None:
        while expired := await self._queue.expire(MAX_ATTEMPTS, all_leases):
            for one in expired:
                _log.warning("job of a server that is gone", job=one.job_id, caller=one.owner, becomes=one.state)
                self._hub.publish(one.job_id, one.event)
        self._runner.wake()

    async def _listen(self) -> None:
        while True:
            try:
                async for signal in self._database.signals():
                    await self._heed(signal)
            except Exception as error:
                # Heartbeats find out what is missed meanwhile.
                _log.warning("the store's signals are not heard; listening again", exc_info=error)
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)

    async def _heed(self, signal: Signal) -> None:
        match signal.what:
            case What.CANCEL:
                self._runner.stop(signal.job_id)
            case What.QUEUED:
                self._runner.wake()
        await self._hub.catch_up(signal.job_id, signal.sequence)
