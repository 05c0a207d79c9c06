"""Curves to reports: laws come back, with honest constants, and what is odd in the data is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ansatz.discovery import (
    Candidate,
    ChosenLaw,
    Column,
    Curves,
    InvalidInputError,
    LawConstant,
    Options,
    Parameter,
    Questions,
    answer,
    discover,
)
from ansatz.discovery.expression import variables
from bench.curve_cases import CASES

BY_NAME = {case.name: case for case in CASES}


def curves(columns: dict[str, Any], target: str = "loss", **about: Any) -> Curves:
    made = tuple(Column(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items())
    return Curves(made, target, **about)


def constants(candidate: Candidate) -> dict[str, LawConstant]:
    assert candidate.law is not None
    return {c.name: c for c in candidate.law.constants}


def joint(rows: int, noise: float = 0.01) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    n, d = 10 ** rng.uniform(7, 10, rows), 10 ** rng.uniform(8, 12, rows)
    loss = (1.69 + 406.4 / n**0.34 + 410.7 / d**0.28) * np.exp(noise * rng.standard_normal(rows))
    return {"params": n, "tokens": d, "loss": loss}


@pytest.mark.parametrize("left_out", ["tokens", "params"])
def test_of_size_data_and_compute_the_one_without_a_column_follows_from_the_others(left_out: str) -> None:
    data = joint(30, 0.0)
    n, d = data["params"], data["tokens"]
    data["flops"] = 6 * n * d
    kept = {name: values for name, values in data.items() if name != left_out}
    observed = curves(kept)
    report = discover(observed, Options(budget_seconds=600))
    best = report.candidates[0]
    assert best.law is not None
    assert set(best.law.columns.values()) == kept.keys() - {"loss"} == set(variables(best.formula))
    for name, value in {"E": 1.69, "A": 406.4, "alpha": 0.34, "beta": 0.28}.items():
        assert constants(best)[name].value == pytest.approx(value, rel=1e-4)
    chosen = ChosenLaw(best.law.name, best.law.columns, best.text)
    told = answer(observed, chosen, Questions(budgets=(1e22,)))
    assert told.optima[0].size.value is not None
    # The best size of E + A/N**a + B/D**b at D = C/(6 N), in closed form.
    ratio = 0.34 * 406.4 / (0.28 * 410.7)
    assert told.optima[0].size.value == pytest.approx((ratio * (1e22 / 6) ** 0.28) ** (1 / 0.62), rel=0.01)


def test_size_and_data_tell_a_law_of_compute() -> None:
    data = joint(30)
    c = 6 * data["params"] * data["tokens"]
    data["loss"] = 1.5 + (1e19 / c) ** 0.12
    best = discover(curves(data), Options(budget_seconds=600)).candidates[0]
    assert best.law is not None
    assert best.law.name == "power_of_compute_by_N_D"
    assert "/(6*params*tokens)" in best.text
    assert constants(best)["alpha"].value == pytest.approx(0.12, rel=1e-4)


def test_a_joint_law_with_outliers_and_what_it_means_elsewhere() -> None:
    data = joint(240)
    data["loss"][::20] *= 1.3
    observed = curves(data)
    report = discover(observed, Options(budget_seconds=600))
    best = report.candidates[0]
    assert best.law is not None
    assert best.law.name == "additive"
    assert best.law.columns == {"N": "params", "D": "tokens"}
    known = constants(best)
    for name, value in {"E": 1.69, "alpha": 0.34, "beta": 0.28}.items():
        assert known[name].lower is not None
        assert known[name].upper is not None
        assert known[name].value == pytest.approx(value, rel=0.15)
    assert report.curves is not None
    assert report.curves.outliers == tuple(range(1, 241, 20))
    assert report.curves.limit == known["E"]
    assert {"OUTLIERS"} <= {w.code for w in report.warnings}

    chosen = ChosenLaw(best.law.name, best.law.columns, best.text)
    asked = Questions(({"params": 7e10, "tokens": 1.4e12},), budgets=(1e22,), targets=(2.0,), probability=0.95)
    told = answer(observed, chosen, asked)
    law, seen = told.predictions[0].law, told.predictions[0].observation
    assert law.lower is not None
    assert law.upper is not None
    assert seen.lower is not None
    assert law.lower < 1.69 + 406.4 / 7e10**0.34 + 410.7 / 1.4e12**0.28 < law.upper
    assert seen.lower < law.lower
    assert told.predictions[0].extrapolates
    size, tokens = told.optima[0].size.value, told.optima[0].data.value
    assert size is not None
    assert tokens is not None
    assert 6 * size * tokens == pytest.approx(1e22, rel=1e-9)
    assert told.reaches[0].axis == "tokens"
    with pytest.raises(InvalidInputError, match="lacks tokens"):
        answer(observed, chosen, Questions(({"params": 7e10},)))


def test_an_implicit_law_is_found_and_marked() -> None:
    case = BY_NAME["critical_batch"]
    columns, y = case.data(0, 0.01)
    report = discover(curves({**columns, "loss": y}), Options(budget_seconds=600))
    best = report.candidates[0]
    assert best.law is not None
    assert best.law.name == "critical_batch"
    assert best.law.implicit
    known = constants(best)["Bc"]
    assert known.lower is not None
    assert known.upper is not None
    assert known.lower < case.constants["Bc"] < known.upper


def test_task_success_is_a_straight_line_somewhere() -> None:
    rng = np.random.default_rng(0)
    n = np.geomspace(3e7, 3e10, 40)
    trials = np.full(40, 2000.0)
    share = rng.binomial(2000, np.exp(-300 * n**-0.25)) / 2000
    report = discover(
        curves({"N": n, "share": share, "trials": trials}, "share", trials="trials"), Options(budget_seconds=600)
    )
    assert report.candidates[0].law is not None
    assert report.candidates[0].law.name == "pass_until"
    assert report.curves is not None
    assert report.curves.straight == "log(-log(share)) against log(N)"
    assert [str(v.kind) for v in report.curves.emergence] == ["linear"]
    assert report.curves.scale == "share"


def test_a_break_a_warm_up_and_a_run_that_gets_worse_are_told() -> None:
    rng = np.random.default_rng(0)
    step = np.geomspace(1, 1e5, 60)
    columns: dict[str, list[float]] = {"N": [], "step": [], "loss": []}
    runs: list[str] = []
    for name, size in {"small": 1e7, "middle": 1e8, "large": 1e9, "huge": 1e10}.items():
        loss = 1.5 + (6.5e9 / size) ** 0.08 + (2100 / step) ** 0.6
        loss = np.minimum(loss, 9.0) * np.exp(0.003 * rng.standard_normal(step.size))
        if name == "small":
            loss[-4:] *= np.array([1.02, 1.05, 1.08, 1.1])
        columns["N"] += [size] * step.size
        columns["step"] += list(step)
        columns["loss"] += list(loss)
        runs += [name] * step.size
    report = discover(curves(columns, runs=tuple(runs)), Options(budget_seconds=600))
    assert report.curves is not None
    assert [w.run for w in report.curves.worsening] == ["small"]
    assert report.curves.warm_up_rows > 0
    assert {"LATE_WORSENING", "WARM_UP_ROWS"} <= {w.code for w in report.warnings}


def test_constants_by_run_and_the_law_of_the_constants() -> None:
    rng = np.random.default_rng(0)
    columns: dict[str, list[float]] = {"size": [], "entropy": [], "reward": []}
    runs: list[str] = []
    for i, size in enumerate(np.geomspace(5e8, 3e10, 8)):
        entropy = np.linspace(0.05, 1.2, 20)
        a, b = 0.3 - 0.01 * np.log(size), 0.2 + 0.02 * np.log(size)
        columns["reward"] += list(b - a * np.exp(entropy) + 0.001 * rng.standard_normal(20))
        columns["entropy"] += list(entropy)
        columns["size"] += [size] * 20
        runs += [f"run {i}"] * 20
    report = discover(curves(columns, "reward", runs=tuple(runs), per_run=True), Options(budget_seconds=600))
    best = report.candidates[0]
    assert best.law is not None
    assert best.law.name == "entropy_reward"
    assert len(best.law.per_run) == 8
    assert report.curves is not None
    laws = {law.target: law for law in report.curves.constant_laws}
    assert {"a", "b"} <= set(laws)
    assert laws["b"].relative_error < 0.01


def test_the_frontier_of_many_runs() -> None:
    step = np.geomspace(10, 1e5, 40)
    columns: dict[str, list[float]] = {"N": [], "D": [], "loss": []}
    runs: list[str] = []
    for size in np.geomspace(1e6, 1e9, 7):
        tokens = step * 1e6
        columns["N"] += [size] * step.size
        columns["D"] += list(tokens)
        columns["loss"] += list(1.7 + 400 / size**0.34 + 400 / tokens**0.28)
        runs += [f"{size:g}"] * step.size
    report = discover(curves(columns, runs=tuple(runs)), Options(budget_seconds=600))
    assert report.curves is not None
    loss, size_law = report.curves.frontier
    assert (loss.target, loss.column) == ("loss", "C")
    exponent = next(c.value for c in size_law.constants if c.name == "beta")
    assert exponent == pytest.approx(0.28 / 0.62, abs=0.08)


def test_a_law_that_nobody_listed_is_found() -> None:
    rng = np.random.default_rng(1)
    n, d = 10 ** rng.uniform(6, 10, 150), 10 ** rng.uniform(8, 12, 150)
    loss = 1.7 + 3 * np.log(n) / n**0.2 + 400 / d**0.28
    report = discover(
        curves({"N": n, "D": d, "loss": loss * np.exp(0.001 * rng.standard_normal(150))}), Options(budget_seconds=600)
    )
    best = report.candidates[0]
    assert best.law is not None
    assert best.law.name == "free"
    assert best.found_by == "free.terms"
    assert best.law.formula == "E + A1*log(N)/N**r1 + A2/D**r2"
    known = constants(best)
    for name, value in {"E": 1.7, "A1": 3.0, "r1": 0.2, "r2": 0.28}.items():
        assert known[name].value == pytest.approx(value, rel=0.1)
    assert best.law.held_out_error is not None
    assert best.law.held_out_error < 0.002
    other = next(c for c in report.candidates if c.law and c.law.name == "additive")
    assert other.law is not None
    assert other.law.held_out_error is not None
    assert best.law.held_out_error < other.law.held_out_error


def test_runs_too_short_for_constants_of_their_own_are_told() -> None:
    step = np.geomspace(10, 1e5, 20)
    loss = 2 + 30 / step**0.5
    data = {"step": [*step, *step, 10, 20], "loss": [*loss, *(loss + 1), 5.0, 4.5]}
    runs = ("a",) * 20 + ("b",) * 20 + ("short",) * 2
    report = discover(curves(data, runs=runs, per_run=True), Options(budget_seconds=600))
    (told,) = [w for w in report.warnings if w.code == "RUNS_LEFT_OUT"]
    assert "'short'" in told.message
    best = report.candidates[0]
    assert best.law is not None
    assert list(best.law.per_run) == ["a", "b"]


def test_the_callers_own_law() -> None:
    data = joint(30)
    report = discover(curves(data), Options(budget_seconds=600, ansatz="E + A*params**-a + B*tokens**-b"))
    own = [c for c in report.candidates if c.law and c.law.name in ("ansatz", "additive", "additive_tied")]
    assert own
    with pytest.raises(InvalidInputError, match="uses no input, and has no constant to fit"):
        discover(curves(data), Options(budget_seconds=600, ansatz="2 + 3", fixed_numbers=True))


def test_a_constant_at_a_bound_has_no_error() -> None:
    step = np.geomspace(10, 1e5, 40)
    loss = 30 * step**-0.4 * np.exp(0.01 * np.random.default_rng(1).standard_normal(40))
    bounds = (Parameter("b", start=0.3, lower=0.0, upper=0.35),)
    options = Options(budget_seconds=5, ansatz="a*step**-b", parameters=bounds)
    report = discover(curves({"step": step, "loss": loss}), options)
    own = next(c for c in report.candidates if c.origin.is_given)
    a, b = own.constants
    assert b.parameter == "b"
    assert b.value == pytest.approx(0.35)
    assert b.std_error is None
    assert a.std_error is None or a.std_error > 0
    for constant in (c for candidate in report.candidates for c in candidate.constants):
        assert not constant.is_given  # all were fitted: an error of 0 would say that they were given
    told = [w.message for w in report.warnings if w.code == "CONSTANT_AT_BOUND"]
    assert own.rank > 1 or "b = 0.35" in told[0]


def test_a_constant_is_a_law_that_a_caller_may_give() -> None:
    step = np.linspace(0.5, 4, 40)
    loss = 5 + 0.1 * np.random.default_rng(0).standard_normal(40)
    for ansatz in ("5", "4.2", "K"):
        report = discover(curves({"step": step, "loss": loss}), Options(budget_seconds=5, ansatz=ansatz))
        own = next(c for c in report.candidates if c.origin.is_given)
        assert own.constants[0].value == pytest.approx(float(np.median(loss)), rel=0.02)


def test_the_same_data_give_the_same_answer() -> None:
    data = {name: values[:60] for name, values in joint(60).items()}
    first, second = (discover(curves(data), Options(seed=5, budget_seconds=600)) for _ in range(2))
    assert [c.text for c in first.candidates] == [c.text for c in second.candidates]
    assert first.receipt.data_sha256 == second.receipt.data_sha256
    assert first.receipt.reproducible


def test_another_unit_of_a_column_changes_no_score() -> None:
    found = []
    for unit in (1.0, 1e-6):
        data = joint(30)
        data["tokens"] = data["tokens"] * unit
        report = discover(curves(data), Options(ansatz="E + A/params**a + B/tokens**b", budget_seconds=6.0))
        own = next(c for c in report.candidates if c.found_by == "ansatz")
        found.append(own.scores.description_length)
    assert found[1] == pytest.approx(found[0], abs=0.1)
