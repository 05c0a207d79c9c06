"""What becomes of the watchers of a job that is deleted, when another job takes its id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ansatz.service.jobs.watch import EventHub
from ansatz.v1 import job_pb2
from tests.service.test_queue import new, peers

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_hears_of_another_job_of_the_same_id(tmp_path: Path) -> None:
    async def deleted_and_made_anew() -> None:
        async with peers(f"sqlite:///{tmp_path / 'jobs.db'}", 1) as [peer]:
            hub = EventHub(peer.store, max_watchers=9)
            await peer.store.create(new("j"), most_queued=9)
            slow = hub.watch("j", 0)
            await anext(slow)
            # What the server told meanwhile: the job began, and was cancelled.
            started = await peer.queue.claim()
            assert started is not None
            hub.publish("j", started.event)
            hub.publish("j", await peer.queue.finish(started.lease, job_pb2.JOB_STATE_CANCELLED))
            await peer.store.delete("j")
            hub.forget("j")
            await peer.store.create(new("j"), most_queued=9)
            other = hub.watch("j", 0)
            first = await anext(other)
            assert (first.sequence, first.state_change.state) == (1, job_pb2.JOB_STATE_QUEUED)
            # The other job is not final: who waits for it waits.
            waiting = asyncio.create_task(hub.wait_final("j", 3600))
            assert [e.sequence async for e in slow] == [2, 3]
            again = await peer.queue.claim()
            assert again is not None
            assert not waiting.done()
            hub.publish("j", again.event)
            hub.publish("j", await peer.queue.finish(again.lease, job_pb2.JOB_STATE_CANCELLED))
            await asyncio.wait_for(waiting, 60)
            assert [e.sequence async for e in other] == [2, 3]

    asyncio.run(deleted_and_made_anew())
