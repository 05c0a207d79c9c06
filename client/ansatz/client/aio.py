"""The asyncio client: the same surface as the blocking one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, Unpack

from ansatz.client import core
from ansatz.client.connection import connection
from ansatz.client.connection.asynchronous import AsyncTransport
from ansatz.client.connection.credentials import Credentials
from ansatz.client.encode import jobs
from ansatz.client.encode.jobs import CurveProblemOptions, MotionProblemOptions, ProblemOptions
from ansatz.client.encode.tables import TableOptions
from ansatz.client.errors import AnsatzError
from ansatz.client.job_handle import AsyncJobHandle
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.proposal import Proposal
from ansatz.client.results.report import Evaluation, Report
from ansatz.client.results.server import ServerInfo
from ansatz.v1.discovery_service_pb2 import CreateJobRequest


class AsyncClient:
    """Talks to a server at `target`, "HOST:PORT" or "unix:PATH", from one event loop.

        async with AsyncClient("localhost:50051") as client:
            report = await client.discover(X, y, names=["m", "v"], target_name="E")

    Arguments are as those of `Client`. All methods raise AnsatzError.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: Credentials | None = None,
        timeout: float = connection.DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._transport = AsyncTransport(target, credentials or Credentials.from_environment(), timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection; jobs go on."""
        await self._transport.close()

    async def discover(
        self, X: Any, y: Any, *, on_event: Callable[[JobEvent], object] | None = None, **options: Unpack[ProblemOptions]
    ) -> Report:
        """As `Client.discover`; where the awaiting task is cancelled, so is the job."""
        return await self._followed(await self.submit(X, y, **options), on_event)

    async def submit(
        self,
        X: Any,
        y: Any,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[ProblemOptions],
    ) -> AsyncJobHandle:
        """As `Client.submit`."""
        return await self._created(jobs.create_job(X, y, job_id=job_id, request_id=request_id, **options))

    async def discover_motion(
        self,
        data: Any,
        time: str,
        states: Sequence[str],
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[MotionProblemOptions],
    ) -> Report:
        """As `Client.discover_motion`."""
        return await self._followed(await self.submit_motion(data, time, states, **options), on_event)

    async def submit_motion(
        self,
        data: Any,
        time: str,
        states: Sequence[str],
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[MotionProblemOptions],
    ) -> AsyncJobHandle:
        """As `Client.submit_motion`."""
        request = jobs.create_motion_job(data, time, states, job_id=job_id, request_id=request_id, **options)
        return await self._created(request)

    async def discover_curves(
        self,
        columns: Any,
        target: str,
        *,
        on_event: Callable[[JobEvent], object] | None = None,
        **options: Unpack[CurveProblemOptions],
    ) -> Report:
        """As `Client.discover_curves`."""
        return await self._followed(await self.submit_curves(columns, target, **options), on_event)

    async def submit_curves(
        self,
        columns: Any,
        target: str,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[CurveProblemOptions],
    ) -> AsyncJobHandle:
        """As `Client.submit_curves`."""
        return await self._created(
            jobs.create_curves_job(columns, target, job_id=job_id, request_id=request_id, **options)
        )

    async def continue_job(
        self,
        continued: str,
        X: Any = None,
        y: Any = None,
        *,
        job_id: str | None = None,
        request_id: str | None = None,
        **options: Unpack[ProblemOptions],
    ) -> AsyncJobHandle:
        """As `Client.continue_job`."""
        return await self._created(jobs.continue_job(continued, X, y, job_id=job_id, request_id=request_id, **options))

    def job(self, job_id: str) -> AsyncJobHandle:
        """Return the handle of a job that exists, from its id alone."""
        return AsyncJobHandle(self._transport, job_id)

    async def jobs(self, *, page_size: int = 50) -> AsyncIterator[Job]:
        """As `Client.jobs`."""
        found, token = await self._transport.call(core.jobs(page_size, ""))
        for job in found:
            yield job
        while token:
            found, token = await self._transport.call(core.jobs(page_size, token))
            for job in found:
                yield job

    async def evaluate(
        self, formula: str, X: Any, y: Any, *, refit: bool = False, **options: Unpack[TableOptions]
    ) -> Evaluation:
        """As `Client.evaluate`."""
        return await self._transport.call(core.evaluate(formula, X, y, refit, **options))

    async def compare(
        self, a: str, b: str, *, box: Mapping[str, tuple[float, float]] | None = None, free_constants: bool = False
    ) -> Comparison:
        """As `Client.compare`."""
        return await self._transport.call(core.compare(a, b, box, free_constants))

    async def propose(
        self, job_id: str, box: Mapping[str, tuple[float, float]] | None = None, n: int = 5, *, seed: int = 0
    ) -> Proposal:
        """As `Client.propose`."""
        return await self._transport.call(core.propose(job_id, box, n, seed))

    async def server_info(self) -> ServerInfo:
        """As `Client.server_info`."""
        return await self._transport.call(core.server_info())

    async def _created(self, request: CreateJobRequest) -> AsyncJobHandle:
        return self.job(await self._transport.run(core.create(request)))

    @staticmethod
    async def _followed(job: AsyncJobHandle, on_event: Callable[[JobEvent], object] | None) -> Report:
        """As `Client._followed`."""
        try:
            if on_event:
                async for event in job.watch():
                    on_event(event)
            return await job.result()
        except AnsatzError:
            raise
        except BaseException:
            with suppress(AnsatzError):
                await job.cancel()
            raise
