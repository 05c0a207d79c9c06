"""Final jobs that are used again: taken up with more time or rows, or asked for the experiments to make next."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import Message
from google.rpc import code_pb2

from ansatz.discovery import InvalidInputError, Violation
from ansatz.discovery.asked.options import OF_ANSATZ
from ansatz.service import errors
from ansatz.service.access import Caller
from ansatz.service.store import FINAL_STATES, Store
from ansatz.service.wire.resources import job_id_of
from ansatz.v1 import job_pb2, problem_pb2


@dataclass(frozen=True)
class EndedJob:
    """A final job: its name, problem, the size and names of its data, its options, and its front."""

    name: str
    problem: problem_pb2.Problem
    data: job_pb2.DataSummary
    options: problem_pb2.SearchOptions
    front: job_pb2.Front

    def completed(self, problem: problem_pb2.Problem) -> problem_pb2.Problem:
        """A problem in which what is not given is that of the continued job: observations as a whole, options one by
        one."""
        completed, given = problem_pb2.Problem(), problem.WhichOneof("observations")
        completed.CopyFrom(problem if given else self.problem)
        completed.options.CopyFrom(self.options)
        replaced = {field.name for field, _ in problem.options.ListFields()}
        options: Message = completed.options
        for name in replaced | set(OF_ANSATZ if "ansatz" in replaced else ()):
            options.ClearField(name)  # lists are replaced, not appended to
        options.MergeFrom(problem.options)
        return completed

    def check(self, data: job_pb2.DataSummary) -> None:
        """Raises InvalidInputError where data do not have the inputs and the target of the continued job."""
        violations: list[Violation] = []
        if set(data.inputs) != set(self.data.inputs):
            given, wanted = (", ".join(map(repr, names)) for names in (data.inputs, self.data.inputs))
            violations.append(Violation("table.inputs", f"are {given}; {self.name} has {wanted}: give the same"))
        if data.target != self.data.target:
            violations.append(
                Violation("table.target", f"is {data.target!r}; that of {self.name} is {self.data.target!r}: give it")
            )
        if violations:
            raise InvalidInputError(violations)


async def find_ended(name: str, store: Store, caller: Caller, field: str) -> EndedJob:
    """The caller's final job of a name. Raises InvalidInputError, and ServiceError where there is none or it is not
    final."""
    job_id = job_id_of(name, field)
    found = await store.get(job_id)
    # Whose it is comes first: a problem is large, and no business of others.
    if found is None or not caller.owns(found.owner):
        raise errors.not_found(name)
    job = found.job
    if job.state not in FINAL_STATES:
        raise errors.ServiceError(
            code_pb2.FAILED_PRECONDITION,
            "JOB_NOT_FINAL",
            f"{name} is {job_pb2.JobState.Name(job.state).removeprefix('JOB_STATE_')}; wait for its end, or cancel it",
        )
    problem = await store.problem(job_id)
    if problem is None:  # deleted in between
        raise errors.not_found(name)
    return EndedJob(name, problem, job.data, job.options, job_pb2.Front(candidates=job.report.candidates))
