"""The asyncio client: the same surface as the blocking one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import grpc
from google.protobuf.message import Message

from ansatz.client.connection import connection
from ansatz.client.connection.credentials import Credentials
from ansatz.client.connection.patience import Deadline, Outage
from ansatz.client.connection.tracing import CallSpan
from ansatz.client.core import final_report
from ansatz.client.decode.records import record
from ansatz.client.encode import jobs, requests, uploads, values
from ansatz.client.encode.jobs import CurveProblemOptions, MotionProblemOptions, ProblemOptions
from ansatz.client.encode.tables import TableOptions
from ansatz.client.errors import AnsatzError, Unavailable, from_rpc
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.curves import CurveAnswers
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.proposal import Proposal
from ansatz.client.results.report import Evaluation, Report
from ansatz.client.results.server import ServerInfo
from ansatz.v1 import discovery_service_pb2 as pb2
from ansatz.v1 import discovery_service_pb2_grpc

RequestT = TypeVar("RequestT", bound=Message)
ResponseT = TypeVar("ResponseT")


class AsyncClient:
    """Talks to a server at `target`, "HOST:PORT" or "unix:PATH", from one event loop.

        async with AsyncClient("localhost:50051") as client:
            report = await client.discover(X, y, names=["m", "v"], target_name="E")

    `credentials` say who calls and encrypt the connection (default: those of the environment, see
    Credentials.from_environment); `timeout` limits each call, in seconds; waiting for a job is not limited by it. All
    methods raise AnsatzError.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: Credentials | None = None,
        timeout: float = connection.DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._timeout = timeout
        credentials = credentials or Credentials.from_environment()
        self._metadata = credentials.metadata
        self._channel = connection.open_aio_channel(target, credentials)
        self._stub = discovery_service_pb2_grpc.DiscoveryServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; jobs go on."""
        await self._channel.close()

    async def discover(
        self, X: Any, y: Any, *, on_event: Callable[[JobEvent], object] | None = None, **options: Unpack[ProblemOptions]
    ) -> Report:
        """As `Client.discover`; where the awaiting task is cancelled, so is the job."""
        return await self._followed(await self.submit(X, y, **options), on_event)

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
        return await self._create(request)

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
        request = jobs.create_job(X, y, job_id=job_id, request_id=request_id, **options)
        return await self._create(request)

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
        request = jobs.create_curves_job(columns, target, job_id=job_id, request_id=request_id, **options)
        return await self._create(request)

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
        request = jobs.continue_job(continued, X, y, job_id=job_id, request_id=request_id, **options)
        return await self._create(request)

    def job(self, job_id: str) -> AsyncJobHandle:
        """The handle of a job that exists, from its id alone."""
        return AsyncJobHandle(self, job_id)

    async def jobs(self, *, page_size: int = 50) -> AsyncIterator[Job]:
        """As `Client.jobs`."""
        token = ""
        while True:
            request = pb2.ListJobsRequest(page_size=page_size, page_token=token)
            response: pb2.ListJobsResponse = await self._call(self._stub.ListJobs, request)
            for job in response.jobs:
                yield record(Job, job)
            token = response.next_page_token
            if not token:
                return

    async def evaluate(
        self, formula: str, X: Any, y: Any, *, refit: bool = False, **options: Unpack[TableOptions]
    ) -> Evaluation:
        """As `Client.evaluate`."""
        request = requests.evaluate_formula(formula, X, y, refit=refit, **options)
        response: pb2.EvaluateFormulaResponse = await self._call(self._stub.EvaluateFormula, request)
        return record(Evaluation, response)

    async def compare(
        self, a: str, b: str, *, box: Mapping[str, tuple[float, float]] | None = None, free_constants: bool = False
    ) -> Comparison:
        """As `Client.compare`."""
        request = requests.compare_formulas(a, b, box, free_constants)
        response: pb2.CompareFormulasResponse = await self._call(self._stub.CompareFormulas, request)
        return record(Comparison, response.comparison)

    async def propose(
        self, job_id: str, box: Mapping[str, tuple[float, float]] | None = None, n: int = 5, *, seed: int = 0
    ) -> Proposal:
        """As `Client.propose`."""
        request = requests.propose_experiments(job_id, box, n, seed)
        response: pb2.ProposeExperimentsResponse = await self._call(self._stub.ProposeExperiments, request)
        return record(Proposal, response.proposal)

    async def server_info(self) -> ServerInfo:
        """As `Client.server_info`."""
        request = pb2.GetServerInfoRequest()
        response: pb2.GetServerInfoResponse = await self._call(self._stub.GetServerInfo, request)
        return record(ServerInfo, response)

    async def _create(self, request: pb2.CreateJobRequest) -> AsyncJobHandle:
        """Makes a job; observations that are too large for a message are uploaded before."""
        extra = 0.0
        if uploads.may_be_large(request):
            info = await self._call(self._stub.GetServerInfo, pb2.GetServerInfoRequest())
            if upload := uploads.needed(request, info.limits):
                extra = upload.seconds
                request = uploads.with_upload(request, await self._upload(upload))
        response: pb2.CreateJobResponse = await self._call(self._stub.CreateJob, request, extra)
        return self.job(record(Job, response.job).id)

    async def _upload(self, upload: uploads.Upload) -> str:
        """The name of an upload; tries again where the connection breaks."""
        outage = Outage()
        while True:
            try:
                with CallSpan(pb2.UploadObservationsRequest) as span:
                    uploaded: pb2.UploadObservationsResponse = await self._stub.UploadObservations(
                        upload.pieces(),
                        timeout=self._timeout + upload.seconds,
                        metadata=self._metadata + span.metadata,
                    )
            except grpc.RpcError as error:
                await asyncio.sleep(outage.pause(from_rpc(error)))
            else:
                return uploaded.name

    async def _followed(self, job: AsyncJobHandle, on_event: Callable[[JobEvent], object] | None) -> Report:
        """The report of a job; where `on_event` raises, or on an interruption, the job is cancelled."""
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

    async def _call(
        self, method: grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT], request: RequestT, extra: float = 0.0
    ) -> ResponseT:
        """One call; the server may take `extra` seconds by request."""
        try:
            with CallSpan(type(request)) as span:
                return await method(request, timeout=self._timeout + extra, metadata=self._metadata + span.metadata)
        except grpc.RpcError as error:
            raise from_rpc(error) from None


class AsyncJobHandle:
    """A job on the server; it goes on whether or not a handle exists."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._name = values.job_name(job_id)

    @property
    def id(self) -> str:
        return self._name.removeprefix("jobs/")

    async def describe(self) -> Job:
        """As `JobHandle.describe`."""
        request = pb2.GetJobRequest(name=self._name)
        response: pb2.GetJobResponse = await self._client._call(self._client._stub.GetJob, request)
        return record(Job, response.job)

    async def watch(self, after: int = 0) -> AsyncIterator[JobEvent]:
        """As `JobHandle.watch`."""
        outage = Outage()
        while True:
            request = pb2.WatchJobRequest(name=self._name, after_sequence=after)
            try:
                with CallSpan(type(request)) as span:
                    call = self._client._stub.WatchJob(request, metadata=self._client._metadata + span.metadata)
                    try:
                        if connection.is_attached(await call.initial_metadata()):
                            outage.over()
                        async for response in call:
                            outage.over()
                            after = response.event.sequence
                            yield record(JobEvent, response.event)
                        return
                    finally:
                        call.cancel()
            except grpc.RpcError as error:
                pause = outage.pause(from_rpc(error))
            await asyncio.sleep(pause)

    async def result(self, timeout: float | None = None) -> Report:
        """As `JobHandle.result`."""
        deadline, outage = Deadline(timeout), Outage()
        while True:
            try:
                job = await self._wait(deadline.next_wait(), outage)
            except Unavailable as error:
                await asyncio.sleep(outage.pause(error))
                continue
            if job.state.is_final:
                return final_report(job)
            deadline.check(job)

    async def _wait(self, seconds: float, outage: Outage) -> Job:
        """As `JobHandle._wait`."""
        client = self._client
        request = pb2.WaitJobRequest(name=self._name, timeout=values.duration(seconds, "timeout"))
        try:
            with CallSpan(type(request)) as span:
                call = client._stub.WaitJob(
                    request, timeout=client._timeout + seconds, metadata=client._metadata + span.metadata
                )
                if connection.is_attached(await call.initial_metadata()):
                    outage.over()
                response = await call
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        outage.over()
        return record(Job, response.job)

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
        request = requests.predict_curves(
            self._name, points=points, budgets=budgets, targets=targets, rank=rank, probability=probability
        )
        response: pb2.PredictCurvesResponse = await self._client._call(self._client._stub.PredictCurves, request)
        return record(CurveAnswers, response)

    async def plot(self, rank: int = 1, *, format: str = "svg") -> bytes:
        """As `JobHandle.plot`."""
        request = requests.render_plot(self._name, rank, format)
        response: pb2.RenderPlotResponse = await self._client._call(self._client._stub.RenderPlot, request)
        return response.image

    async def cancel(self) -> Job:
        """As `JobHandle.cancel`."""
        request = pb2.CancelJobRequest(name=self._name)
        response: pb2.CancelJobResponse = await self._client._call(self._client._stub.CancelJob, request)
        return record(Job, response.job)

    async def delete(self) -> None:
        """As `JobHandle.delete`."""
        await self._client._call(self._client._stub.DeleteJob, pb2.DeleteJobRequest(name=self._name))
