"""No field is forgotten: what the library's record has is in its message and in the client's record, and what a request
has is an argument of a method.

Fields are found from the dataclasses and from the descriptors of the messages: whoever adds one, and forgets it
anywhere, fails here. What is called differently, or is missing on purpose, stands in the tables, with the reason. That
what stands in the fields arrives is tried in test_arrival.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from ansatz import client, discovery
from ansatz.client import Client, JobHandle
from ansatz.v1 import comparison_pb2, curves_pb2, experiments_pb2, job_pb2, observations_pb2, problem_pb2, report_pb2
from ansatz.v1 import discovery_service_pb2 as pb2

FILES = (comparison_pb2, curves_pb2, experiments_pb2, job_pb2, observations_pb2, problem_pb2, report_pb2, pb2)

# The library's record, its message, and the client's record.
ANSWERS: tuple[tuple[type, type[Message], type], ...] = (
    (discovery.Report, report_pb2.Report, client.Report),
    (discovery.Evaluation, pb2.EvaluateFormulaResponse, client.Evaluation),
    (discovery.Comparison, comparison_pb2.Comparison, client.Comparison),
    (discovery.Proposal, experiments_pb2.Proposal, client.Proposal),
    (discovery.Answers, pb2.PredictCurvesResponse, client.CurveAnswers),
    (discovery.Progress, job_pb2.Progress, client.Progress),
)
ROOTS: tuple[tuple[type | None, type[Message], type | None], ...] = (
    *ANSWERS,
    (discovery.Options, problem_pb2.SearchOptions, client.SearchOptions),
    # The client has keywords for them, see OBSERVATIONS.
    (discovery.Table, observations_pb2.Table, None),
    (discovery.Curves, observations_pb2.Curves, None),
    (discovery.Trajectories, observations_pb2.Trajectories, None),
    # The library knows nothing of jobs and servers.
    (None, job_pb2.Job, client.Job),
    (None, job_pb2.JobEvent, client.JobEvent),
    (None, pb2.GetServerInfoResponse, client.ServerInfo),
)
IN_THE_LIBRARY = {
    "Candidate.found_by": "origin",  # its name
    "Motion.shared_terms": "shared",
    "Report.noise": "noise_relative_std",  # one number there
    "CurveFindings.measurements": "measure",
    "CurveFindings.emergence_verdicts": "emergence",
    "CurveFindings.emergence": "emergence",  # the first verdict, that on all rows, once more
    "CurveFindings.emergence_p_value": "emergence",
    "Column.packed_values": "values",  # one of two ways to send them
}
IN_THE_CLIENT = {
    "Job.name": "id",  # without "jobs/"
    "JobEvent.state_change": "state",
}
# Fields of the library that no message has.
NOT_SENT = {
    "Options.start_formulas": "the service takes them from the job that is continued",
}
# Fields of the client that its message does not have.
NOT_OF_THE_MESSAGE = {
    "Report.state": "that of the job",
    "Constant.per_group_errors": "one map of the message is two of the record",
}
# Records of the library whose fields are those of the message that the record around them has.
FLATTENED = {discovery.Comparison: "verdict"}
# Messages that the library knows nothing of, and those that the client makes of the caller's own arrays.
OF_THE_SERVICE = {
    "Job", "JobEvent", "JobError", "DataSummary", "StateChange", "GetServerInfoResponse", "EngineInfo", "Limits",
}  # fmt: skip
OF_OBSERVATIONS = {"Table", "Curves", "Trajectories", "Column"}
# Messages for which the library, or the client, has no record.
NO_RECORD = {
    "Noise": "in the library one number",
    "GroupValue": "in the client two maps, of values and of errors",
    "Interval": "in the client a pair of numbers",
    "StateChange": "in the client the state itself",
    "Front": "in the client the candidates themselves",
    "RunConstants": "the constants themselves: a map of the wire holds no lists",
    "CurvePoint": "a mapping of names to values",
    "Problem": "observations and options",
}
# The method that makes a request, and what fields are called there; None: the method knows it by itself.
REQUESTS: tuple[tuple[type[Message], Callable[..., Any], dict[str, str | None]], ...] = (
    (pb2.CreateJobRequest, Client.continue_job, {"problem": "X", "continue_job": "continued", "upload": None}),
    (pb2.EvaluateFormulaRequest, Client.evaluate, {"table": "X"}),
    (pb2.CompareFormulasRequest, Client.compare, {}),
    (pb2.ProposeExperimentsRequest, Client.propose, {"job": "job_id"}),
    (pb2.ListJobsRequest, Client.jobs, {"page_token": None}),
    (pb2.PredictCurvesRequest, JobHandle.predict, {"name": None}),
    (pb2.RenderPlotRequest, JobHandle.plot, {"name": None}),
    (pb2.WatchJobRequest, JobHandle.watch, {"name": None, "after_sequence": "after"}),
    (pb2.WaitJobRequest, JobHandle.result, {"name": None}),
    (pb2.GetJobRequest, JobHandle.describe, {"name": None}),
    (pb2.CancelJobRequest, JobHandle.cancel, {"name": None}),
    (pb2.DeleteJobRequest, JobHandle.delete, {"name": None}),
    (pb2.GetServerInfoRequest, Client.server_info, {}),
    (pb2.UploadObservationsRequest, Client.submit, {"data": None}),
)

Trio = tuple[Any, type | None, type | None]


def walk() -> Iterator[Trio]:
    """Yield every message that is reached from the roots, each with the records of the library and of the client."""
    found: set[Trio] = set()
    waiting: list[Trio] = [(kind.DESCRIPTOR, library, own) for library, kind, own in ROOTS]
    for trio in waiting:  # it grows meanwhile
        if trio in found:
            continue
        found.add(trio)
        yield trio
        descriptor, library, own = trio
        for field in descriptor.fields_by_name.values():
            if inner := message_in(field):
                theirs = record_in(library, IN_THE_LIBRARY.get(full_name(field), field.name))
                waiting.append((inner, theirs, record_in(own, IN_THE_CLIENT.get(full_name(field), field.name))))


def message_in(field: FieldDescriptor) -> Descriptor | None:
    """Return the message of ours in a field, also as a value of a map; of one that only holds others, those."""
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        inner = inner.fields_by_name["value"].message_type
    if inner is None or not inner.full_name.startswith("ansatz."):
        return None
    held = [message_in(only) for only in inner.fields_by_name.values()]
    return held[0] if len(held) == 1 and held[0] else inner


def record_in(kind: type | None, name: str) -> type | None:
    """Return the record in a field of a record, also as an item of a tuple or a value of a mapping."""

    def within(hint: Any) -> Iterator[type]:
        if is_dataclass(hint) and isinstance(hint, type):
            yield hint
        for inner in get_args(hint):
            yield from within(inner)

    return next(within(hints_of(kind).get(name)), None) if kind else None


def hints_of(kind: type) -> dict[str, Any]:
    """Return the types of a record's fields, by name."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name in {f.name for f in fields(kind)}}
    return {**hints_of(hints.pop(FLATTENED[kind])), **hints} if kind in FLATTENED else hints


def full_name(field: FieldDescriptor) -> str:
    assert field.containing_type
    return f"{field.containing_type.name}.{field.name}"


def in_seconds(field: FieldDescriptor) -> str:
    """Return what the field is called in records: durations are in seconds there."""
    kind = field.message_type
    return f"{field.name}_seconds" if kind and kind.full_name == "google.protobuf.Duration" else field.name


TRIOS = tuple(walk())


@pytest.mark.parametrize("trio", TRIOS, ids=lambda trio: trio[0].name)
def test_every_field_is_in_the_library_in_its_message_and_in_the_client(trio: Trio) -> None:
    descriptor, library, own = trio
    sent = descriptor.fields_by_name.values()
    if library:
        theirs = {IN_THE_LIBRARY.get(full_name(field), in_seconds(field)) for field in sent}
        names, properties = set(hints_of(library)), {n for n, m in vars(library).items() if isinstance(m, property)}
        assert not theirs - names - properties
        assert {f"{library.__name__}.{n}" for n in names - theirs} <= set(NOT_SENT)
    if own:
        ours, names = {IN_THE_CLIENT.get(full_name(field), in_seconds(field)) for field in sent}, set(hints_of(own))
        assert not ours - names
        assert {f"{own.__name__}.{n}" for n in names - ours} <= set(NOT_OF_THE_MESSAGE)


def test_every_message_has_its_records() -> None:
    declared = {name for file in FILES for name in file.DESCRIPTOR.message_types_by_name}
    reached = {descriptor.name for descriptor, _, _ in TRIOS}
    requests = {kind.DESCRIPTOR.name for kind, _, _ in REQUESTS}
    responses = {name for name in declared if name.endswith("Response")}
    assert declared == reached | requests | responses | set(NO_RECORD)
    for wanted, messages in ((1, reached - OF_THE_SERVICE), (2, reached - OF_OBSERVATIONS)):
        recorded = {trio[0].name for trio in TRIOS if trio[wanted]}
        assert messages - recorded <= set(NO_RECORD)


@pytest.mark.parametrize(("kind", "method", "called"), REQUESTS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_field_of_a_request_is_an_argument(
    kind: type[Message], method: Callable[..., Any], called: Mapping[str, str | None]
) -> None:
    names = {called.get(name, name) for name in kind.DESCRIPTOR.fields_by_name}
    assert names - {None} <= set(inspect.signature(method).parameters)
