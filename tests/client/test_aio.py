"""The asyncio client against a real server."""

from __future__ import annotations

import asyncio

import pytest

from ansatz.client import AsyncClient, InvalidRequest, JobEvent, JobState, NotFound

A = [0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07]
T = [a**1.5 for a in A]


def test_discover_watch_and_reattach(server: str) -> None:
    async def scenario() -> None:
        events: list[JobEvent] = []
        async with AsyncClient(server) as client:
            report = await client.discover(A, T, names=["a"], engine="none", budget=10, on_event=events.append)
            assert report.best is not None
            assert report.best.formula == "a**1.5"
            assert [e.sequence for e in events] == list(range(1, len(events) + 1))
            job_id = await anext(job.id async for job in client.jobs(page_size=2))
            handle = client.job(job_id)
            assert (await handle.describe()).state is JobState.SUCCEEDED
            assert [e.sequence async for e in handle.watch(after=1)] == [e.sequence for e in events[1:]]
            assert (await handle.result(timeout=10)).candidates == report.candidates
            proposal = await client.propose(job_id, {"a": (0.1, 100)}, n=2)
            assert [e.inputs["a"] for e in proposal.experiments if 0.1 <= e.inputs["a"] <= 100]
            again = await client.continue_job(job_id, budget=5)
            assert (await again.result(timeout=60)).candidates[0].formula == "a**1.5"
            await handle.delete()
            with pytest.raises(NotFound):
                await handle.describe()

    asyncio.run(scenario())


def test_errors_evaluation_and_information(server: str) -> None:
    async def scenario() -> None:
        async with AsyncClient(server) as client:
            with pytest.raises(InvalidRequest, match=r"options\.budget"):
                await client.submit(A, T, budget=0)
            evaluation = await client.evaluate("1.4*a**1.5", A, [2.5 * t for t in T], names=["a"], refit=True)
            assert evaluation.candidate.constants[0].value == pytest.approx(2.5)
            assert (await client.compare("x*x", "x**2")).equivalent
            assert (await client.server_info()).workers == 1

    asyncio.run(scenario())


def test_cancelling_the_awaiting_task_cancels_the_job(server: str) -> None:
    async def scenario() -> None:
        async with AsyncClient(server) as client:
            started = asyncio.Event()
            call = client.discover(A, T, names=["a"], engine="none", on_event=lambda _: started.set())
            task = asyncio.create_task(call)
            await started.wait()
            job_id = await anext(job.id async for job in client.jobs())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.job(job_id).result(timeout=60)).state in (JobState.CANCELLED, JobState.SUCCEEDED)

    asyncio.run(scenario())
