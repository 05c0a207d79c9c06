"""What is computed at once and not as a job, in a process reserved for it: it answers while every worker searches."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Iterator

import structlog
from google.rpc import code_pb2, error_details_pb2

from ansatz.discovery.errors import Violation
from ansatz.service import errors
from ansatz.service.evaluation.turns import Turns
from ansatz.service.executor.frames import Kind, joined
from ansatz.service.executor.worker_pool import Worker, WorkerDiedError, WorkerPool
from ansatz.service.jobs.continuing import EndedJob
from ansatz.service.limits.limits import EVALUATION_SECONDS, MAX_WAITING_EVALUATIONS, Limits
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, report_pb2

_RIVALS = 2
_WAITING_MESSAGES = 4
_log = structlog.get_logger()


class Evaluator:
    """Answers one request at a time; callers, told by their names, have equal turns. Methods raise ServiceError."""

    def __init__(self, pool: WorkerPool, limits: Limits) -> None:
        self._pool, self._limits = pool, limits
        self._turns = Turns()
        # Of the calls that wait, by caller.
        self._calls: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._seconds = 0.0

    async def evaluate(self, request: pb.EvaluateFormulaRequest, caller: str) -> pb.EvaluateFormulaResponse:
        """The scores of a formula."""
        if violations := self._limits.table_violations(request.table):
            raise errors.invalid(violations)
        answer = await self._answer(Kind.EVALUATE, request.SerializeToString(), caller)
        return pb.EvaluateFormulaResponse.FromString(answer)

    async def compare(self, request: pb.CompareFormulasRequest, caller: str) -> pb.CompareFormulasResponse:
        """How two formulas compare."""
        if violations := self._limits.box_violations(request.box):
            raise errors.invalid(violations)
        answer = await self._answer(Kind.COMPARE, request.SerializeToString(), caller)
        return pb.CompareFormulasResponse.FromString(answer)

    async def propose(
        self, request: pb.ProposeExperimentsRequest, job: EndedJob, caller: str
    ) -> pb.ProposeExperimentsResponse:
        """The experiments that tell the formulas of a job apart."""
        if violations := self._limits.box_violations(request.box):
            raise errors.invalid(violations)
        if len(job.front.candidates) < _RIVALS:
            raise errors.ServiceError(
                code_pb2.FAILED_PRECONDITION,
                "NO_RIVALS",
                f"{job.name} has found {len(job.front.candidates)} formulas; it takes two to be told apart",
            )
        parts = (request, job.problem, job.front)
        payload = joined(*(part.SerializeToString() for part in parts))
        return pb.ProposeExperimentsResponse.FromString(await self._answer(Kind.PROPOSE, payload, caller))

    async def predict(
        self, job: EndedJob, report: report_pb2.Report, request: pb.PredictCurvesRequest, caller: str
    ) -> pb.PredictCurvesResponse:
        """What a law of a job on curves says of other scales."""
        payload = joined(job.problem.SerializeToString(), report.SerializeToString(), request.SerializeToString())
        return pb.PredictCurvesResponse.FromString(await self._answer(Kind.PREDICT, payload, caller))

    async def render(
        self, problem: bytes, report: bytes, request: pb.RenderPlotRequest, caller: str
    ) -> pb.RenderPlotResponse:
        """A picture of one of the candidates of a job's report."""
        payload = joined(problem, report, request.SerializeToString())
        return pb.RenderPlotResponse.FromString(await self._answer(Kind.RENDER, payload, caller))

    async def _answer(self, kind: Kind, payload: bytes, caller: str) -> bytes:
        """The serialized response of the process to a task."""
        self._pool.start()
        with self._place(caller, len(payload)):
            async with self._turns.turn(caller):
                worker = await self._pool.take()
        # Shielded: where the caller goes away, the process finishes and serves the next one.
        return await asyncio.shield(asyncio.create_task(self._answer_of(worker, kind, payload)))

    @contextlib.contextmanager
    def _place(self, caller: str, size: int) -> Iterator[None]:
        """One of the places of those who wait, of which a caller has half at most. Raises ServiceError where there is
        none, or not for so many bytes; a call alone may have any size, as the data of a job do."""
        most, most_bytes = MAX_WAITING_EVALUATIONS, _WAITING_MESSAGES * self._limits.max_message_bytes
        for calls, waiting_bytes, share in (
            (self._calls[caller], self._bytes[caller], 2),
            (self._calls.total(), self._bytes.total(), 1),
        ):
            if calls and (calls >= most // share or waiting_bytes + size > most_bytes // share):
                message = f"{calls} calls of {waiting_bytes} bytes wait for an evaluation already; try again later"
                raise errors.exhausted("TOO_MANY_EVALUATIONS", message, max(1, math.ceil(self._seconds)))
        self._count(caller, 1, size)
        try:
            yield
        finally:
            self._count(caller, -1, -size)

    def _count(self, caller: str, calls: int, size: int) -> None:
        self._calls[caller] += calls
        self._bytes[caller] += size
        if not self._calls[caller]:
            del self._calls[caller], self._bytes[caller]

    async def _answer_of(self, worker: Worker, task: Kind, request: bytes) -> bytes:
        try:
            began = time.monotonic()
            async with asyncio.timeout(EVALUATION_SECONDS):
                await worker.send(task, request)
                while True:
                    kind, payload = await worker.receive()
                    if kind is not Kind.TRACE:
                        return _response(kind, payload)
                    _log.error("evaluation failed", where=payload.decode())
        except TimeoutError:
            worker.kill("too_long")
            raise errors.ServiceError(
                code_pb2.DEADLINE_EXCEEDED,
                "EVALUATION_TOO_LONG",
                f"the evaluation took longer than {EVALUATION_SECONDS:g} s; give fewer rows",
            ) from None
        except WorkerDiedError:
            if worker.exceeded_bytes:
                message = self._pool.memory_exceeded(worker)
                raise errors.ServiceError(code_pb2.RESOURCE_EXHAUSTED, "MEMORY_LIMIT", message) from None
            raise errors.ServiceError(
                code_pb2.INTERNAL, "WORKER_DIED", "the evaluation process died; it is replaced: try again"
            ) from None
        finally:
            self._seconds = time.monotonic() - began
            self._pool.give_back(worker)


def _response(kind: Kind, payload: bytes) -> bytes:
    if kind is Kind.ANSWER:
        return payload
    if kind is Kind.INVALID:
        bad = error_details_pb2.BadRequest.FromString(payload)
        raise errors.invalid([Violation(v.field, v.description) for v in bad.field_violations])
    error = job_pb2.JobError.FromString(payload)
    raise errors.ServiceError(code_pb2.INTERNAL, error.reason, error.message)
