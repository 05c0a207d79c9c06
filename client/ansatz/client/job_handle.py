"""A job on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from ansatz.client import core
from ansatz.client.connection.asynchronous import AsyncTransport
from ansatz.client.connection.blocking import BlockingTransport
from ansatz.client.connection.watch import Watch
from ansatz.client.encode.values import job_name
from ansatz.client.results.curves import CurveAnswers
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.report import Report


class JobHandle:
    """A job on the server; it goes on whether or not a handle exists. Made by `Client.job` and `Client.submit`."""

    def __init__(self, transport: BlockingTransport, job_id: str) -> None:
        self._transport = transport
        self._name = job_name(job_id)

    @property
    def id(self) -> str:
        return self._name.removeprefix("jobs/")

    def describe(self) -> Job:
        """Return the job as it is now, with its best front so far."""
        return self._transport.call(core.describe(self._name))

    def watch(self, after: int = 0) -> Iterator[JobEvent]:
        """Yield events with a sequence larger than `after`, as they happen, until the job is final.

        Re-attaches without gap or repeat where the connection breaks.
        """
        return self._transport.watch(Watch(self._name, after))

    def result(self, timeout: float | None = None) -> Report:
        """Wait until the job is final, at most `timeout` seconds, and return its report.

        A cancelled job gives what it found until then (`Report.state` says so). Raises JobFailed, DeadlineExceeded.
        """
        return self._transport.run(core.result(self._name, timeout))

    def predict(
        self,
        points: Iterable[Mapping[str, float]] = (),
        *,
        budgets: Iterable[float] = (),
        targets: Iterable[float] = (),
        rank: int = 1,
        probability: float = 0.8,
    ) -> CurveAnswers:
        """Return what a law that this job found on curves says of other scales.

        points: values of the law's inputs, one mapping for each prediction. budgets: floating-point operations, 6 N D,
        for the best size and data. targets: values to reach along tokens or steps, with the other inputs as in the
        first point, or as large as in the data. `probability` is that of the intervals.
        """
        return self._transport.call(
            core.predict(self._name, points, budgets=budgets, targets=targets, rank=rank, probability=probability)
        )

    def plot(self, rank: int = 1, *, format: str = "svg") -> bytes:
        """Return a picture of a candidate beside the data, as the bytes of an SVG or PNG file."""
        return self._transport.call(core.plot(self._name, rank, format))

    def cancel(self) -> Job:
        """Ask the search to stop; it keeps what it found. A final job stays as it is."""
        return self._transport.call(core.cancel(self._name))

    def delete(self) -> None:
        """Cancel the job if it is not final, and remove it."""
        self._transport.call(core.delete(self._name))


class AsyncJobHandle:
    """As `JobHandle`. Made by `AsyncClient.job` and `AsyncClient.submit`."""

    def __init__(self, transport: AsyncTransport, job_id: str) -> None:
        self._transport = transport
        self._name = job_name(job_id)

    @property
    def id(self) -> str:
        return self._name.removeprefix("jobs/")

    async def describe(self) -> Job:
        """As `JobHandle.describe`."""
        return await self._transport.call(core.describe(self._name))

    def watch(self, after: int = 0) -> AsyncIterator[JobEvent]:
        """As `JobHandle.watch`."""
        return self._transport.watch(Watch(self._name, after))

    async def result(self, timeout: float | None = None) -> Report:
        """As `JobHandle.result`."""
        return await self._transport.run(core.result(self._name, timeout))

    async def predict(
        self,
        points: Iterable[Mapping[str, float]] = (),
        *,
        budgets: Iterable[float] = (),
        targets: Iterable[float] = (),
        rank: int = 1,
        probability: float = 0.8,
    ) -> CurveAnswers:
        """As `JobHandle.predict`."""
        return await self._transport.call(
            core.predict(self._name, points, budgets=budgets, targets=targets, rank=rank, probability=probability)
        )

    async def plot(self, rank: int = 1, *, format: str = "svg") -> bytes:
        """As `JobHandle.plot`."""
        return await self._transport.call(core.plot(self._name, rank, format))

    async def cancel(self) -> Job:
        """As `JobHandle.cancel`."""
        return await self._transport.call(core.cancel(self._name))

    async def delete(self) -> None:
        """As `JobHandle.delete`."""
        await self._transport.call(core.delete(self._name))
