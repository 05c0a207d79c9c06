"""A worker process: warm before it is asked, one task at a time, on the main thread.

Run as ``python -m ansatz.service.executor.worker ROLE FD``; FD is a socket on which the server sends frames.
A thread reads the socket, so that a stop is heard during a search, and the server's end is noticed at once.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import socket
import sys
import threading
import time
import traceback

from google.rpc import error_details_pb2

from ansatz.discovery import (
    Candidate,
    EngineNotReadyError,
    InvalidInputError,
    Observations,
    Options,
    Progress,
    Question,
    answer,
    compare_formulas,
    evaluate_formula,
    propose_experiments,
    report_on,
    validate,
)
from ansatz.discovery.experiments.propose import DEFAULT_EXPERIMENTS
from ansatz.service.executor.frames import BrokenFrameError, Frame, Kind, packed, parted, read
from ansatz.service.executor.isolation import isolate
from ansatz.service.executor.process_tree import kill_own
from ansatz.service.executor.rendering import render
from ansatz.service.executor.warm_up import SEARCH, warm_up
from ansatz.service.observability import tracing
from ansatz.service.observability.tracing import Stages
from ansatz.service.wire.found import candidates_from_proto, law_of_rank
from ansatz.service.wire.messages import message
from ansatz.service.wire.observations import table_from_proto
from ansatz.service.wire.options import with_start
from ansatz.service.wire.problem import curves_of, problem_from_proto, table_of
from ansatz.service.wire.questions import box_from_proto, questions_from_proto
from ansatz.v1 import comparison_pb2, discovery_service_pb2, experiments_pb2, job_pb2, problem_pb2, report_pb2

_PROGRESS_INTERVAL = 0.5
# Of searches: the server, and the worker that evaluates formulas, answer calls however many workers search.
_NICENESS = 10


class Link:
    """The socket to the server: tasks come through `next_task`, `stop` is set while the task is to stop."""

    def __init__(self, fd: int) -> None:
        connection = socket.socket(fileno=fd)
        connection.set_inheritable(False)
        self._incoming, self._outgoing = connection.makefile("rb"), connection.makefile("wb")
        self._tasks: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.stop = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def next_task(self) -> Frame:
        return self._tasks.get()

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        self._outgoing.write(packed(kind, payload))
        self._outgoing.flush()

    def _listen(self) -> None:
        # A server that dies with frames unread resets the connection instead of ending it.
        with contextlib.suppress(OSError, BrokenFrameError):
            self._take_frames()
        # The server is gone: end this process and whatever it started.
        kill_own()

    def _take_frames(self) -> None:
        while (frame := read(self._incoming)) is not None:
            if frame[0] is Kind.STOP:
                self.stop.set()
            else:
                self.stop.clear()
                self._tasks.put(frame)


class Reporter:
    """Sends what a search finds as it finds it; progress at most twice a second."""

    def __init__(self, link: Link, stages: Stages) -> None:
        self._link, self._stages = link, stages
        self._next_progress = 0.0

    def progress(self, progress: Progress) -> None:
        self._stages.at(progress.stage)
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + _PROGRESS_INTERVAL
            self._link.send(Kind.PROGRESS, message(job_pb2.Progress, progress).SerializeToString())

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        found = job_pb2.Front(candidates=[message(report_pb2.Candidate, candidate) for candidate in candidates])
        self._link.send(Kind.FRONT, found.SerializeToString())


def _search(link: Link, payload: bytes) -> Frame:
    problem, front, parent = parted(payload)
    observations, options = problem_from_proto(problem_pb2.Problem.FromString(problem))
    question = _question(observations, options, job_pb2.Front.FromString(front))
    link.send(Kind.BEGUN)
    with Stages(parent.decode()) as stages:
        report = report_on(question, Reporter(link, stages), link.stop.is_set)
    return Kind.REPORT, message(report_pb2.Report, report).SerializeToString()


def _question(observations: Observations, options: Options, front: job_pb2.Front) -> Question:
    """Return the question, with the formulas of a front to try first.

    What a search that was broken off had found so far may be no formula of the inputs alone: then it starts anew.
    """
    try:
        return validate(observations, with_start(options, front, observations))
    except InvalidInputError:
        return validate(observations, options)


def _evaluate(payload: bytes) -> Frame:
    request = discovery_service_pb2.EvaluateFormulaRequest.FromString(payload)
    evaluation = evaluate_formula(table_from_proto(request.table), request.formula, request.refit)
    return Kind.ANSWER, message(discovery_service_pb2.EvaluateFormulaResponse, evaluation).SerializeToString()


def _compare(payload: bytes) -> Frame:
    request = discovery_service_pb2.CompareFormulasRequest.FromString(payload)
    box = box_from_proto(request.box) if request.box else None
    comparison = compare_formulas(request.a, request.b, box, request.free_constants)
    response = discovery_service_pb2.CompareFormulasResponse(comparison=message(comparison_pb2.Comparison, comparison))
    return Kind.ANSWER, response.SerializeToString()


def _propose(payload: bytes) -> Frame:
    asked, problem, front = parted(payload)
    request = discovery_service_pb2.ProposeExperimentsRequest.FromString(asked)
    table = table_of(problem_pb2.Problem.FromString(problem))
    candidates = candidates_from_proto(job_pb2.Front.FromString(front), table)
    proposal = propose_experiments(
        table, candidates, box_from_proto(request.box), request.n or DEFAULT_EXPERIMENTS, request.seed
    )
    response = discovery_service_pb2.ProposeExperimentsResponse(proposal=message(experiments_pb2.Proposal, proposal))
    return Kind.ANSWER, response.SerializeToString()


def _predict(payload: bytes) -> Frame:
    problem, report, asked = parted(payload)
    request = discovery_service_pb2.PredictCurvesRequest.FromString(asked)
    curves, options = curves_of(problem_pb2.Problem.FromString(problem))
    answers = answer(
        curves,
        law_of_rank(report_pb2.Report.FromString(report), request.rank),
        questions_from_proto(request),
        options,
    )
    return Kind.ANSWER, message(discovery_service_pb2.PredictCurvesResponse, answers).SerializeToString()


def _done(link: Link, kind: Kind, payload: bytes) -> Frame:
    match kind:
        case Kind.EVALUATE:
            return _evaluate(payload)
        case Kind.COMPARE:
            return _compare(payload)
        case Kind.PROPOSE:
            return _propose(payload)
        case Kind.PREDICT:
            return _predict(payload)
        case Kind.RENDER:
            return render(payload)
        case _:
            return _search(link, payload)


def _answer(link: Link, task: Frame) -> Frame:
    """The last frame of a task: its result or what went wrong."""
    try:
        return _done(link, *task)
    except InvalidInputError as error:
        bad = error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
                for v in error.violations
            ]
        )
        return Kind.INVALID, bad.SerializeToString()
    except EngineNotReadyError as error:
        return _failed("ENGINE_NOT_READY", str(error))
    except MemoryError:
        return _failed("OUT_OF_MEMORY", "the data and the search need more memory than there is; give fewer rows")
    except Exception as error:
        # The message of an error may quote data; the log gets the places only.
        places = "".join(traceback.format_tb(error.__traceback__))
        link.send(Kind.TRACE, f"{type(error).__name__}\n{places}".encode())
        return _failed("INTERNAL", f"{type(error).__name__}: {error}"[:1000])


def _failed(reason: str, message: str) -> Frame:
    return Kind.FAILED, job_pb2.JobError(reason=reason, message=message).SerializeToString()


def main() -> None:
    isolate()
    link = Link(int(sys.argv[2]))
    if sys.argv[1] == SEARCH:
        os.nice(_NICENESS)
    tracing.configure()
    warm_up(sys.argv[1])
    while True:
        link.send(Kind.READY)
        link.send(*_answer(link, link.next_task()))
        # What the task leaves in circles counts as the memory that this process holds at rest.
        gc.collect()


if __name__ == "__main__":
    main()
