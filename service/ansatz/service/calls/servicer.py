"""The methods of DiscoveryService: read the request, ask the part that knows, build the response."""

# ruff: noqa: N802 (the methods are called as in the .proto)
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import structlog

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.service.access import Access, Caller, Role
from ansatz.service.calls.calls import answers, streams
from ansatz.service.calls.info import server_info
from ansatz.service.evaluation.evaluator import Evaluator
from ansatz.service.jobs.jobs import Jobs
from ansatz.service.jobs.uploads import Uploads
from ansatz.service.jobs.watch import EventHub
from ansatz.service.limits.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_WAIT_SECONDS, Limits
from ansatz.service.store import FINAL_STATES
from ansatz.service.wire.resources import job_id_of, page_start, page_token
from ansatz.service.wire.times import seconds_of
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]
_MAX_SEQUENCE = 2**63 - 1
_ATTACHED = ("ansatz-attached", "1")
"""Sent at once by calls that may have nothing else to tell for long: the caller knows that it is heard."""


class Servicer(DiscoveryServiceServicer):
    """DiscoveryService over the server's parts."""

    def __init__(
        self,
        access: Access,
        jobs: Jobs,
        uploads: Uploads,
        hub: EventHub,
        evaluator: Evaluator,
        *,
        limits: Limits,
        workers: int,
    ) -> None:
        self._access, self._jobs, self._hub, self._evaluator = access, jobs, hub, evaluator
        self._uploads = uploads
        self._limits, self._workers = limits, workers

    def _caller(self, context: Context, needed: Role) -> Caller:
        """Who calls; raises ServiceError where they may not."""
        caller = self._access.caller(context.invocation_metadata(), needed)
        structlog.contextvars.bind_contextvars(caller=caller.name)
        return caller

    @answers
    async def CreateJob(self, request: pb.CreateJobRequest, context: Context) -> pb.CreateJobResponse:
        caller = self._caller(context, Role.WRITE)
        return pb.CreateJobResponse(job=await self._jobs.create(request, caller))

    @answers
    async def UploadObservations(
        self, requests: AsyncIterator[pb.UploadObservationsRequest], context: Context
    ) -> pb.UploadObservationsResponse:
        return await self._uploads.receive(requests, self._caller(context, Role.WRITE))

    @answers
    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        caller = self._caller(context, Role.READ)
        return pb.GetJobResponse(job=await self._jobs.get(job_id_of(request.name), caller))

    @answers
    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        caller = self._caller(context, Role.READ)
        if request.page_size > MAX_PAGE_SIZE:
            raise InvalidInputError([Violation("page_size", f"is {request.page_size}; give at most {MAX_PAGE_SIZE}")])
        size = request.page_size or DEFAULT_PAGE_SIZE
        jobs, before = await self._jobs.page(caller, page_start(request.page_token), size)
        return pb.ListJobsResponse(jobs=jobs, next_page_token="" if before is None else page_token(before))

    @answers
    async def DeleteJob(self, request: pb.DeleteJobRequest, context: Context) -> pb.DeleteJobResponse:
        caller = self._caller(context, Role.WRITE)
        await self._jobs.delete(job_id_of(request.name), caller)
        return pb.DeleteJobResponse()

    @streams
    async def WatchJob(self, request: pb.WatchJobRequest, context: Context) -> AsyncIterator[pb.WatchJobResponse]:
        caller = self._caller(context, Role.READ)
        job_id = job_id_of(request.name)
        await self._jobs.get(job_id, caller)
        await context.send_initial_metadata((_ATTACHED,))
        async for event in self._hub.watch(job_id, min(request.after_sequence, _MAX_SEQUENCE)):
            yield pb.WatchJobResponse(event=event)

    @answers
    async def WaitJob(self, request: pb.WaitJobRequest, context: Context) -> pb.WaitJobResponse:
        caller = self._caller(context, Role.READ)
        timeout = seconds_of(request.timeout) if request.HasField("timeout") else MAX_WAIT_SECONDS
        if not 0 <= timeout <= MAX_WAIT_SECONDS:
            raise InvalidInputError([Violation("timeout", f"is {timeout:g} s; give 0 to {MAX_WAIT_SECONDS:g} s")])
        job_id = job_id_of(request.name)
        job = await self._jobs.get(job_id, caller)
        if job.state not in FINAL_STATES:
            await context.send_initial_metadata((_ATTACHED,))
            job = await self._jobs.wait(job_id, caller, timeout)
        return pb.WaitJobResponse(job=job)

    @answers
    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> pb.CancelJobResponse:
        caller = self._caller(context, Role.WRITE)
        return pb.CancelJobResponse(job=await self._jobs.cancel(job_id_of(request.name), caller))

    @answers
    async def EvaluateFormula(self, request: pb.EvaluateFormulaRequest, context: Context) -> pb.EvaluateFormulaResponse:
        caller = self._caller(context, Role.READ)
        return await self._evaluator.evaluate(request, caller.name)

    @answers
    async def CompareFormulas(self, request: pb.CompareFormulasRequest, context: Context) -> pb.CompareFormulasResponse:
        caller = self._caller(context, Role.READ)
        return await self._evaluator.compare(request, caller.name)

    @answers
    async def ProposeExperiments(
        self, request: pb.ProposeExperimentsRequest, context: Context
    ) -> pb.ProposeExperimentsResponse:
        caller = self._caller(context, Role.READ)
        job = await self._jobs.ended(request.job, caller, "job")
        return await self._evaluator.propose(request, job, caller.name)

    @answers
    async def RenderPlot(self, request: pb.RenderPlotRequest, context: Context) -> pb.RenderPlotResponse:
        caller = self._caller(context, Role.READ)
        problem, report = await self._jobs.reported(job_id_of(request.name), caller, request.rank or 1)
        return await self._evaluator.render(problem, report, request, caller.name)

    @answers
    async def PredictCurves(self, request: pb.PredictCurvesRequest, context: Context) -> pb.PredictCurvesResponse:
        caller = self._caller(context, Role.READ)
        job = await self._jobs.ended(request.name, caller, "name")
        report = (await self._jobs.get(job_id_of(request.name), caller)).report
        return await self._evaluator.predict(job, report, request, caller.name)

    @answers
    async def GetServerInfo(self, request: pb.GetServerInfoRequest, context: Context) -> pb.GetServerInfoResponse:
        self._caller(context, Role.READ)
        return await asyncio.to_thread(server_info, self._limits, self._workers)
