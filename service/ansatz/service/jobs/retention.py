"""Deletes ended jobs once they are old, where the settings say for how long to keep them."""

from __future__ import annotations

import asyncio

import structlog

from ansatz.service.store import Store
from ansatz.service.store.rows import now

_DAY_SECONDS = 86_400.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 3600.0
# Few at a time: other calls have their turn in between.
_BATCH = 20
_log = structlog.get_logger()


class Retention:
    """Looks for old jobs from time to time: every hour, oftener where they are kept for less than a day."""

    def __init__(self, store: Store, keep_days: float) -> None:
        self._store, self._keep_days = store, keep_days
        self._interval = min(max(keep_days * _DAY_SECONDS / 24, _SHORTEST_SECONDS), _LONGEST_SECONDS)

    def start(self) -> None:
        self._task = asyncio.create_task(self._clean_on())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _clean_on(self) -> None:
        while True:
            try:
                await self._clean()
            except Exception as error:
                _log.error("old jobs could not be deleted; trying again later", exc_info=error)
            await asyncio.sleep(self._interval)

    async def _clean(self) -> None:
        before, deleted = now() - round(self._keep_days * _DAY_SECONDS * 1e6), 0
        while count := await self._store.delete_ended(before, _BATCH):
            deleted += count
        if deleted:
            _log.info("old jobs deleted", jobs=deleted, ended_days_ago=self._keep_days)
