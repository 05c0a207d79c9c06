"""What is sent arrives whole, over the real code of the wire: records of the library filled with values that are all
different, and everything that a caller may say of observations and of a search."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Any

import pytest
from google.protobuf.message import Message

from ansatz import client, discovery
from ansatz.client.cli.views import json_output
from ansatz.client.decode.records import record
from ansatz.client.encode import jobs
from ansatz.client.encode.curves import CurveOptions
from ansatz.client.encode.motion import MotionOptions
from ansatz.client.encode.options import SearchKeywords
from ansatz.client.encode.tables import TableOptions
from ansatz.discovery.expression import Node, to_text
from ansatz.service.wire.messages import message
from ansatz.service.wire.problem import problem_from_proto
from ansatz.v1 import discovery_service_pb2 as pb2
from ansatz.v1 import problem_pb2, report_pb2
from tests.filled import filled
from tests.test_completeness import ANSWERS

# What stands in a field of the client's record, from the library's record, where that is not the field of that name.
ARRIVES: Mapping[tuple[type, str], Callable[[Any], Any]] = {
    (client.Report, "state"): lambda report: client.JobState.SUCCEEDED,
    (client.Report, "noise"): lambda report: report,
    (client.Noise, "relative_std"): lambda report: report.noise_relative_std,
    (client.Candidate, "formula"): lambda candidate: "" if candidate.equations else candidate.formula,
    (client.Constant, "per_group"): lambda c: {label: found.value for label, found in c.per_group.items()},
    (client.Constant, "per_group_errors"): lambda c: {label: found.std_error for label, found in c.per_group.items()},
    (client.Motion, "shared_terms"): lambda motion: motion.shared,
    (client.CurveFindings, "measurements"): lambda findings: findings.measure,
    (client.CurveFindings, "emergence_verdicts"): lambda findings: findings.emergence,
    (client.CurveFindings, "emergence"): lambda findings: findings.emergence[0].kind,
    (client.CurveFindings, "emergence_p_value"): lambda findings: findings.emergence[0].p_value,
    (client.Comparison, "box"): lambda compared: {name: (i.lower, i.upper) for name, i in compared.box.items()},
    **{
        (client.Comparison, name): attrgetter(f"verdict.{name}")
        for name in ("equivalence", "method", "largest_difference", "a_fitted", "b_fitted")
    },
}


def assert_arrived(sent: Any, received: Any, where: str) -> None:
    """Check that the client has what the library had, field by field."""
    if is_dataclass(received):
        for field in fields(received):
            get = ARRIVES.get((type(received), field.name), attrgetter(field.name))
            assert_arrived(get(sent), getattr(received, field.name), f"{where}.{field.name}")
    elif isinstance(received, Mapping):
        assert sent.keys() == received.keys(), where
        for key in sent:
            assert_arrived(sent[key], received[key], f"{where}[{key!r}]")
    elif isinstance(received, tuple):
        assert len(sent) == len(received), where
        for i, (one, other) in enumerate(zip(sent, received, strict=True)):
            assert_arrived(one, other, f"{where}[{i}]")
    elif isinstance(sent, Enum):
        assert sent.name in (getattr(received, "name", ""), received.upper()), where
    else:
        assert (to_text(sent) if isinstance(sent, Node) else sent) == received, where


@pytest.mark.parametrize(("library", "kind", "own"), ANSWERS, ids=lambda kind: kind.__name__)
def test_what_is_answered_arrives_whole(library: type, kind: type[Message], own: type) -> None:
    sent: Any = filled(library)
    received = kind.FromString(message(kind, sent).SerializeToString())
    given = {"state": client.JobState.SUCCEEDED} if own is client.Report else {}
    assert_arrived(sent, record(own, received, **given), library.__name__)


def test_a_formula_arrives_where_there_are_no_equations() -> None:
    sent = replace(filled(discovery.Candidate), equations={}, motion=None)
    assert_arrived(sent.formula, record(client.Candidate, message(report_pb2.Candidate, sent)).formula, "formula")


Keywords = dict[str, Any]
N = 20
TARGET = [0.25 + 0.03 * i for i in range(N)]
RUNS = ["u"] * 10 + ["v"] * 10
STEPS = [1.0 + i % 10 for i in range(N)]
# Every keyword that a client takes, in as many jobs as it takes: some exclude each other.
OPTIONS: tuple[Keywords, ...] = (
    {
        "functions": ["sin", "exp"], "engine": "none", "budget": 7.25, "seed": 11, "max_complexity": 13,
        "ansatz": "k*x + b", "dimensional_constants": True, "start": {"k": 2.5}, "bounds": {"k": (0.5, 3.5)},
        "fixed_numbers": True, "loss": "huber", "per_group": ["k"],
    },
    {"metric": "log"},
    {"ansatz": "2*k*x", "free_numbers": True},
)  # fmt: skip
TABLES: tuple[Keywords, ...] = (
    {
        "names": ["a"],
        "target_name": "c",
        "weights": STEPS,
        "units": {"a": "m"},
        "group": ["u", "v"] * 10,
        "inputs": ["a"],
    },
    {"std_errors": STEPS, "input_errors": {"x": TARGET}},
    {"noise": "binomial", "trials": STEPS},
)
CURVES: tuple[Keywords, ...] = (
    {"inputs": ["s"], "run": RUNS, "roles": {"S": "s"}, "std_errors": "e", "scale": "log", "per_run": True},
    {"trials": "m"},
)
MOTIONS: tuple[Keywords, ...] = (
    {"inputs": ["f"], "runs": RUNS, "held_out": ["v"], "stochastic": True, "units": {"q": "m"}},
    {"order": 2, "runs": RUNS},
    {"derivatives": ["w"], "runs": RUNS, "std_errors": ["e"]},
)


def assert_all_given(records: Sequence[Any], keywords: Sequence[Keywords], known: type) -> None:
    """Check that every keyword is given, and that every field is other, in one of the records, than without any."""
    assert {name for given in keywords for name in given} == set(known.__annotations__)
    for field in fields(records[0]):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        assert any(getattr(record, field.name) != default for record in records), field.name


def problems(requests: Iterable[pb2.CreateJobRequest]) -> tuple[list[Any], list[Any]]:
    """Return the observations and the options that the server reads."""
    read = [problem_from_proto(request.problem) for request in requests]
    return [observations for observations, _ in read], [options for _, options in read]


def as_given(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_options_arrive_whole_and_come_back() -> None:
    requests = [jobs.create_job({"x": STEPS}, TARGET, **given) for given in OPTIONS]
    _, arrived = problems(requests)
    # What the service takes from the job that is continued is no keyword.
    assert_all_given([replace(one, start_formulas=("x",)) for one in arrived], OPTIONS, SearchKeywords)
    for given, options in zip(OPTIONS, arrived, strict=True):
        assert_arrived(options, record(client.SearchOptions, message(problem_pb2.SearchOptions, options)), "options")
        same = {name: as_given(getattr(options, name)) for name in given if hasattr(options, name)}
        assert same == {name: value for name, value in given.items() if name in same}
    assert arrived[0].budget_seconds == 7.25
    assert arrived[0].parameters == (discovery.Parameter("k", 2.5, 0.5, 3.5),)


def test_tables_arrive_whole() -> None:
    targets = (TARGET, TARGET, [1.0] * N)
    given = zip(targets, TABLES, strict=True)
    (table, other, counted), _ = problems(jobs.create_job({"x": STEPS}, y, **about) for y, about in given)
    assert_all_given([table, other, counted], TABLES, TableOptions)
    assert other.column(other.input_errors["x"]).values.tolist() == TARGET
    assert (counted.noise, counted.trials_of_rows.tolist()) == (discovery.TargetNoise.BINOMIAL, STEPS)
    assert (other.std_errors, other.column(other.std_errors).values.tolist()) == ("std_errors", STEPS)
    assert (table.target, table.inputs, table.weights, table.group) == ("c", ("a",), "weights", "group")
    numbers = {column.name: column.values.tolist() for column in table.columns if not column.labels}
    assert numbers == {"a": STEPS, "c": TARGET, "weights": STEPS}
    assert (table.column("a").unit, list(table.column("group").labels)) == ("m", ["u", "v"] * 10)


def test_curves_arrive_whole() -> None:
    columns = {"s": STEPS, "e": [0.25 + i for i in range(N)], "m": [10.0 + i for i in range(N)], "y": TARGET}
    curves, _ = problems(jobs.create_curves_job(columns, "y", **given) for given in CURVES)
    assert_all_given(curves, CURVES, CurveOptions)
    for given, arrived in zip(CURVES, curves, strict=True):
        assert {name: as_given(getattr(arrived, "runs" if name == "run" else name)) for name in given} == given
        assert {column.name: column.values.tolist() for column in arrived.columns}.items() <= columns.items()


def test_motions_arrive_whole() -> None:
    columns = {"f": TARGET, "t": STEPS, "q": [0.1 * i**2 for i in range(N)], "w": [0.3 * i for i in range(N)]}
    columns["e"] = [0.01 + i for i in range(N)]
    motions, _ = problems(jobs.create_motion_job(columns, "t", ["q"], **given) for given in MOTIONS)
    assert_all_given(motions, MOTIONS, MotionOptions)
    for given, motion in zip(MOTIONS, motions, strict=True):
        assert (motion.time, motion.states) == ("t", ("q",))
        assert {n: as_given(getattr(motion, n)) for n in given if n != "units"}.items() <= given.items()
        assert {column.name: column.values.tolist() for column in motion.columns}.items() <= columns.items()
    assert motions[0].column("q").unit == "m"


def leaves(value: Any) -> Iterator[Any]:
    """Yield the numbers and texts in records, mappings and lists."""
    if is_dataclass(value):
        value = list(vars(value).values())
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str | float | int):
        yield value


@pytest.mark.parametrize(
    ("library", "kind", "own", "written"),
    [
        (discovery.Report, report_pb2.Report, client.Report, partial(json_output.report_object, job_id="j")),
        (discovery.Evaluation, pb2.EvaluateFormulaResponse, client.Evaluation, json_output.evaluation_object),
    ],
    ids=["report", "evaluation"],
)
def test_the_command_line_writes_all_that_arrived(
    library: type, kind: type[Message], own: type, written: Callable[[Any], dict[str, Any]]
) -> None:
    sent: Any = filled(library)
    given = {"state": client.JobState.SUCCEEDED} if own is client.Report else {}
    received: Any = record(own, message(kind, sent), **given)
    found = json.loads(json_output.to_text(written(received)))
    assert {str(leaf) for leaf in leaves(received)} <= {str(leaf) for leaf in leaves(found)}
