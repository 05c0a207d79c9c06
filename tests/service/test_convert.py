"""Messages and types of discovery: what goes over the wire comes back the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansatz.discovery import (
    Candidate,
    Column,
    Constant,
    ConstantLaw,
    Engine,
    Evaluation,
    GroupValue,
    InvalidInputError,
    Loss,
    Options,
    Parameter,
    Progress,
    Receipt,
    RefinementStep,
    Report,
    ResidualVerdict,
    Scores,
    Table,
    Warning,
)
from ansatz.discovery.expression import parse
from ansatz.discovery.report.origin import Origin
from ansatz.service.wire.messages import message as message_of
from ansatz.service.wire.observations import table_from_proto
from ansatz.service.wire.options import options_from_proto
from ansatz.v1 import discovery_service_pb2, job_pb2, observations_pb2, problem_pb2, report_pb2

FINITE = st.floats(-1e100, 1e100)


def table_to_proto(table: Table) -> observations_pb2.Table:
    """As a client sends it."""
    return observations_pb2.Table(
        columns=[
            observations_pb2.Column(name=c.name, labels=c.labels)
            if c.labels
            else observations_pb2.Column(name=c.name, packed_values=c.values.astype("<f8").tobytes(), unit=c.unit)
            for c in table.columns
        ],
        target=table.target,
        inputs=table.inputs,
        weights=table.weights,
        group=table.group,
    )


@given(st.lists(st.tuples(FINITE, FINITE, st.floats(1e-300, 1e100)), min_size=5, max_size=20))
def test_tables_round_trip_bit_for_bit(rows: list[tuple[float, float, float]]) -> None:
    values = np.array(rows).T.copy()
    names = zip(("a b", "y", "w"), ("m/s^2", "", "1"), values, strict=True)
    table = Table(tuple(Column(n, v, u) for n, u, v in names), target="y", inputs=("a b",), weights="w")
    back = table_from_proto(table_to_proto(table))
    assert (back.target, back.inputs, back.weights) == ("y", ("a b",), "w")
    for before, after in zip(table.columns, back.columns, strict=True):
        assert (after.name, after.unit) == (before.name, before.unit)
        assert after.values.dtype == np.float64
        assert after.values.tobytes() == before.values.tobytes()


def test_a_group_of_text_round_trips() -> None:
    x = np.arange(6.0)
    table = Table((Column("x", x), Column("y", x), Column.of_labels("g", ["u", "v"] * 3)), target="y", group="g")
    back = table_from_proto(table_to_proto(table))
    assert (back.group, back.inputs, back.column("g").labels) == ("g", ("x",), ("u", "v") * 3)
    both = table_to_proto(table)
    both.columns[2].values.extend(x)
    with pytest.raises(InvalidInputError, match="both labels and numbers"):
        table_from_proto(both)


@given(
    st.builds(
        Options,
        functions=st.sampled_from([("sin",), ("exp", "log"), Options().functions]),
        engine=st.sampled_from(Engine),
        budget_seconds=st.integers(1, 3_600_000_000).map(lambda us: us / 1e6),
        seed=st.integers(0, 2**32 - 1),
        max_complexity=st.integers(1, 100),
        ansatz=st.text(min_size=1, max_size=20),
        dimensional_constants=st.booleans(),
        per_group=st.sampled_from([(), ("a", "b")]),
        parameters=st.sampled_from([(), (Parameter("a", 1.5, upper=2.0), Parameter("b", lower=-1.0))]),
        fixed_numbers=st.just(False),
        free_numbers=st.booleans(),
        loss=st.sampled_from(Loss),
        metric=st.just(""),
    )
)
def test_options_round_trip(options: Options) -> None:
    assert options_from_proto(message_of(problem_pb2.SearchOptions, options)) == options


def test_unset_options_are_the_documented_defaults() -> None:
    assert options_from_proto(problem_pb2.SearchOptions()) == Options()
    zero = problem_pb2.SearchOptions(max_complexity=0, seed=0)
    with pytest.raises(InvalidInputError, match="max_complexity"):
        options_from_proto(zero)


def _candidate(rmse: float) -> Candidate:
    return Candidate(
        rank=1,
        formula=parse("2.5*a**1.5", {"a"}),
        constants=(
            Constant(2.5, 1e-3, 2.4, 2.6, per_group={"u": GroupValue(2.4, 0.1), "v": GroupValue(2.6, None)}),
            Constant(1.5, name="3/2"),
            Constant(7.5, math.inf, -math.inf),
        ),
        scores=Scores(rmse, 0.99, 0.1, -120.0, math.nan),
        on_pareto_front=True,
        origin=Origin("structured.power_law"),
    )


def test_a_report_holds_everything_and_no_number_that_is_not_finite() -> None:
    report = Report(
        candidates=(_candidate(math.inf),),
        residual=ResidualVerdict(True, 0.4),
        noise_relative_std=math.nan,
        warnings=(Warning("A_CODE", "a message"),),
        receipt=Receipt("ab", {"numpy": "2"}, {"seed": "3"}, 3, False, ("judge",)),
        columns={"a": "a b"},
        refinement=(
            RefinementStep(parse("a", {"a"}), None, 0.0),
            RefinementStep(parse("a+1", {"a"}), parse("1", ()), 9.0),
        ),
        elapsed_seconds=1.25,
        first_candidate_seconds=math.nan,
        constant_laws=(ConstantLaw("a", (_candidate(0.5),), None, (), {}),),
    )
    message = report_pb2.Report.FromString(message_of(report_pb2.Report, report).SerializeToString())
    [candidate] = message.candidates
    assert (candidate.formula, candidate.complexity, candidate.found_by) == ("2.5*a**1.5", 5, "structured.power_law")
    assert not candidate.scores.HasField("rmse")
    assert not candidate.scores.HasField("extrapolation_rmse")
    assert (candidate.scores.r2, candidate.scores.description_length) == (0.99, -120.0)
    first, second, third = candidate.constants
    assert (first.value, first.std_error, first.lower, first.upper) == (2.5, 1e-3, 2.4, 2.6)
    assert (second.name, second.HasField("std_error")) == ("3/2", False)
    assert not third.HasField("std_error")
    assert {label: found.value for label, found in first.per_group.items()} == {"u": 2.4, "v": 2.6}
    assert (first.per_group["u"].std_error, first.per_group["v"].HasField("std_error")) == (0.1, False)
    assert [(law.constant, law.candidates[0].scores.rmse) for law in message.constant_laws] == [("a", 0.5)]
    assert (message.residual.is_noise, message.residual.p_value) == (True, 0.4)
    assert not message.noise.HasField("relative_std")
    assert (message.warnings[0].code, message.warnings[0].message) == ("A_CODE", "a message")
    assert (message.receipt.data_sha256, dict(message.receipt.versions)) == ("ab", {"numpy": "2"})
    assert (message.receipt.seed, list(message.receipt.cut_stages)) == (3, ["judge"])
    assert dict(message.columns) == {"a": "a b"}
    assert [(s.formula, s.added) for s in message.refinement] == [("a", ""), ("a + 1", "1")]
    assert message.elapsed.ToMilliseconds() == 1250
    assert not message.HasField("first_candidate")


def test_evaluations_and_progress_become_messages() -> None:
    evaluation = Evaluation(_candidate(0.5), None, (), {"a": "A"})
    message = message_of(discovery_service_pb2.EvaluateFormulaResponse, evaluation)
    assert (message.candidate.scores.rmse, message.HasField("residual"), dict(message.columns)) == (
        0.5,
        False,
        {"a": "A"},
    )
    progress = message_of(job_pb2.Progress, Progress(0.25, "judge", 1.5))
    assert (progress.fraction, progress.stage, progress.elapsed.ToMilliseconds()) == (0.25, "judge", 1500)
