"""The blocking client against a real server."""

from __future__ import annotations

import uuid
from array import array

import pytest

from ansatz.client import (
    AlreadyExists,
    Client,
    DeadlineExceeded,
    Engine,
    Equivalence,
    InvalidRequest,
    JobEvent,
    JobState,
    NotFound,
    Unavailable,
)

A = array("d", [0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07])
T = [a**1.5 for a in A]
KEPLER = {"names": ["a"], "target_name": "T", "engine": "none", "budget": 10.0}


def test_discover_finds_the_law_and_tells_of_it_on_the_way(client: Client) -> None:
    events: list[JobEvent] = []
    report = client.discover(A, T, on_event=events.append, **KEPLER)  # type: ignore[arg-type]
    assert report.state is JobState.SUCCEEDED
    assert report.best is not None
    assert report.best.rank == 1
    assert report.best.formula == "a**1.5"
    assert [(c.value, c.name) for c in report.best.constants] == [(1.5, "3/2")]
    assert report.receipt is not None
    assert len(report.receipt.data_sha256) == 64
    assert report.elapsed_seconds is not None
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    assert [e.state for e in events if e.state][-1] is JobState.SUCCEEDED
    assert any(e.front for e in events)


def test_a_job_is_reached_from_its_id_alone(client: Client, server: str) -> None:
    job_id = f"kepler-{uuid.uuid4().hex[:8]}"
    handle = client.submit(A, T, job_id=job_id, **KEPLER)  # type: ignore[arg-type]
    assert handle.id == job_id
    with Client(server) as another:
        again = another.job(job_id)
        report = again.result(timeout=60)
        described = again.describe()
        events = list(again.watch())
        assert [e.sequence for e in again.watch(after=2)] == [e.sequence for e in events[2:]]
    assert report.candidates
    assert (described.state, described.data.rows, described.data.inputs, described.data.target) == (
        JobState.SUCCEEDED, 8, ("a",), "T",
    )  # fmt: skip
    assert described.options.engine is Engine.NONE
    assert described.options.budget_seconds == 10.0
    assert described.report == report
    assert described.last_sequence == events[-1].sequence
    assert job_id in [job.id for job in client.jobs(page_size=1)]


def test_a_job_is_continued_with_the_same_or_more_data(client: Client) -> None:
    first = client.submit(A, T, **KEPLER)  # type: ignore[arg-type]
    first.result(timeout=60)
    again = client.continue_job(first.id, budget=5.0)
    assert again.id != first.id
    best = again.result(timeout=60).candidates[0]
    assert (best.formula, best.found_by) == ("a**1.5", "start")
    assert again.describe().options.budget_seconds == 5.0
    more = client.continue_job(first.id, [*A, 2.0], [*T, 2.0**1.5], names=["a"], target_name="T")
    assert more.result(timeout=60).candidates[0].formula == "a**1.5"
    assert more.describe().data.rows == 9
    with pytest.raises(InvalidRequest, match="give X too"):
        client.continue_job(first.id, y=T)
    with pytest.raises(NotFound):
        client.continue_job("nobody")


def test_the_same_request_gives_the_same_job_and_another_body_is_refused(client: Client) -> None:
    request_id = str(uuid.uuid4())
    first = client.submit(A, T, request_id=request_id, **KEPLER)  # type: ignore[arg-type]
    second = client.submit(A, T, request_id=request_id, **KEPLER)  # type: ignore[arg-type]
    assert first.id == second.id
    with pytest.raises(AlreadyExists):
        client.submit(A, list(A), request_id=request_id, **KEPLER)  # type: ignore[arg-type]


def test_a_deleted_job_is_gone(client: Client) -> None:
    handle = client.submit(A, T, **KEPLER)  # type: ignore[arg-type]
    handle.delete()
    with pytest.raises(NotFound, match=handle.id):
        handle.describe()
    with pytest.raises(NotFound):
        list(handle.watch())


def test_a_wait_that_is_too_short_says_so_and_a_cancelled_job_keeps_its_report(client: Client) -> None:
    blockers = [client.submit(A, T, **KEPLER) for _ in range(3)]  # type: ignore[arg-type]
    waiting = client.submit(A, T, **KEPLER)  # type: ignore[arg-type]
    with pytest.raises(DeadlineExceeded, match="it goes on"):
        waiting.result(timeout=0)
    waiting.cancel()
    assert waiting.result(timeout=60).state in (JobState.CANCELLED, JobState.SUCCEEDED)
    for blocker in blockers:
        blocker.cancel()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"budget": 0.0}, "options.budget"),
        ({"budget": -0.5}, "options.budget"),
        ({"budget": 1e9}, "options.budget"),
        ({"budget": float("nan")}, "options.budget"),
        ({"engine": "genetic"}, "options.engine"),
        ({"functions": ["sin", "gamma"]}, "options.functions[1]"),
        ({"functions": "sin"}, "options.functions"),
        ({"seed": -1}, "options.seed"),
        ({"max_complexity": 0}, "options.max_complexity"),
        ({"ansatz": "__import__('os')"}, "options.ansatz"),
        ({"job_id": "No Such Id"}, "job_id"),
    ],
)
def test_bad_options_are_refused_by_field(client: Client, options: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        client.submit(A, T, **{**KEPLER, **options})  # type: ignore[arg-type]
    assert [v.field for v in raised.value.violations] == [field]
    assert field in str(raised.value)


def test_values_that_are_not_finite_are_refused_by_row(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="row 2 is nan"):
        client.submit({"a": [1, float("nan"), 3, 4, 5]}, [1, 2, 3, 4, 5])


def test_a_formula_is_scored_and_refitted(client: Client) -> None:
    given = client.evaluate("1.4*a**1.5", A, T, names=["a"])
    assert given.candidate.rank == 0
    assert given.candidate.scores.rmse is not None
    assert given.candidate.scores.rmse > 1
    fitted = client.evaluate("1.4*a**1.5", A, [2.5 * t for t in T], names=["a"], refit=True)
    assert fitted.candidate.constants[0].value == pytest.approx(2.5)
    with pytest.raises(InvalidRequest) as raised:
        client.evaluate("1.4*b", A, T, names=["a"])
    assert [v.field for v in raised.value.violations] == ["formula"]


def test_formulas_are_compared(client: Client) -> None:
    equal = client.compare("(x + 1)**2", "x**2 + 2*x + 1")
    assert (equal.equivalence, equal.equivalent, equal.box) == (Equivalence.PROVED, True, {"x": (-10.0, 10.0)})
    different = client.compare("2*x", "2*x + 1e-3*x**2", box={"x": (0, 5)})
    assert different.equivalent is False
    assert different.largest_difference is not None
    assert different.largest_difference.inputs == {"x": 5.0}
    assert (different.terms.strict, different.terms.terms_b) == (0.5, ("x", "x**2"))
    free = client.compare("k*x", "2.5*x", box={"x": (1, 2)}, free_constants=True)
    assert (free.equivalent, free.a_fitted) == (True, "2.5*x")
    with pytest.raises(InvalidRequest) as raised:
        client.compare("x", "x", box={"x": (1, float("inf"))})
    assert [v.field for v in raised.value.violations] == ["box['x']"]


def test_experiments_are_proposed_that_tell_formulas_apart(client: Client) -> None:
    x = [1.0 + 0.02 * i for i in range(40)]
    y = [u**1.5 + 0.01 * ((7 * i) % 11 - 5) for i, u in enumerate(x)]
    job = client.submit({"x": x}, y, engine="none", budget=3.0)
    report = job.result(timeout=60)
    proposal = client.propose(job.id, {"x": (0.1, 100)}, n=3, seed=4)
    assert len(proposal.experiments) == 3
    assert all(0.1 <= e.inputs["x"] <= 100 for e in proposal.experiments)
    assert {r.formula for r in proposal.rivals} <= {c.formula for c in report.candidates}
    assert sum(r.weight for r in proposal.rivals) == pytest.approx(1.0)
    assert len(proposal.experiments[0].predictions) == len(proposal.rivals)
    assert proposal == client.propose(job.id, {"x": (0.1, 100)}, n=3, seed=4)
    for arguments, field in (({"box": {"z": (0, 1)}}, "box['z']"), ({"n": 0}, "n"), ({"n": 101}, "n")):
        with pytest.raises(InvalidRequest) as raised:
            client.propose(job.id, **arguments)
        assert [v.field for v in raised.value.violations] == [field]
    with pytest.raises(NotFound):
        client.propose("nobody")


def test_the_server_tells_of_itself(client: Client) -> None:
    info = client.server_info()
    assert {engine.engine for engine in info.engines} >= {Engine.PYSR, Engine.OPERON}
    assert info.limits.max_budget_seconds > info.limits.default_budget_seconds > 0
    assert set(info.default_functions) <= set(info.functions)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(Unavailable, match="cannot be reached"):
        client.server_info()


def test_a_listener_that_raises_cancels_the_job(client: Client) -> None:
    class Enough(Exception):
        pass

    def stop(event: JobEvent) -> None:
        raise Enough

    with pytest.raises(Enough):
        client.discover(A, T, on_event=stop, **KEPLER)  # type: ignore[arg-type]
    newest = next(client.jobs())
    assert client.job(newest.id).result(timeout=60).state in (JobState.CANCELLED, JobState.SUCCEEDED)


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "of a column"])
def test_standard_errors_are_compared_with_what_a_formula_leaves(client: Client, beside: bool) -> None:
    x = [1.0 + 0.1 * i for i in range(24)]
    errors = [0.01 + 0.002 * (i % 5) for i in range(24)]
    y = [3 * a**2 + (-1) ** i * e for i, (a, e) in enumerate(zip(x, errors, strict=True))]
    X, given = ({"x": x}, errors) if beside else ({"x": x, "y_err": errors}, "y_err")
    found = client.evaluate("3*x**2", X, y, std_errors=given)
    assert found.chi_squared is not None
    assert found.chi_squared.value == pytest.approx(24.0)
    assert found.chi_squared.degrees == 24
    assert found.chi_squared.per_degree == pytest.approx(1.0)
    assert 0.3 < found.chi_squared.p_value < 0.6
    report = client.discover(X, y, std_errors=given, engine="none", budget=10.0)
    assert report.chi_squared is not None
    assert report.chi_squared.degrees <= 24


def test_a_column_called_like_the_error_is_no_input_unless_it_is_named(client: Client) -> None:
    columns = {"x": [1.0 + i for i in range(9)], "sigma": [0.1 + 0.01 * (i % 4) for i in range(9)]}
    y = [2.5 * a for a in columns["x"]]
    left_out = client.evaluate("2.5*x", columns, y)
    assert [w.code for w in left_out.warnings if w.code == "ERROR_COLUMN"] == ["ERROR_COLUMN"]
    named = client.evaluate("2.5*x + 0*sigma", columns, y, inputs=["x", "sigma"])
    assert "ERROR_COLUMN" not in {w.code for w in named.warnings}
    with pytest.raises(InvalidRequest, match="called like the error"):
        client.evaluate("2.5*x + 0*sigma", columns, y)
