"""From a table to ranked laws, through the library's public interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery import Candidate, Column, Engine, Options, Progress, Report, Table, discover, evaluate_formula

ALONE = Options(engine=Engine.NONE, budget_seconds=20)
UNHURRIED = Options(engine=Engine.NONE, budget_seconds=300)


def table(target: np.ndarray, weights: np.ndarray | None = None, **inputs: np.ndarray) -> Table:
    columns = [Column(n, np.asarray(v, dtype=np.float64)) for n, v in {**inputs, "y": target}.items()]
    if weights is not None:
        columns.append(Column("w", weights))
    return Table(tuple(columns), "y", weights="w" if weights is not None else "")


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


def test_a_power_law_without_noise_is_found_exactly_and_its_constants_named() -> None:
    rng = np.random.default_rng(1)
    m, v, r = rng.uniform(1, 5, (3, 100))
    report = discover(table(2.5 * m * v**1.5 / r**2, m=m, v=v, r=r), ALONE)
    best = report.candidates[0]
    assert best.text == "2.5*m*v**1.5/r**2"
    assert [(c.value, c.name) for c in best.constants] == [(2.5, "5/2"), (1.5, "3/2")]
    assert best.scores.relative_error < 1e-14
    assert report.residual is not None
    assert report.residual.is_noise
    assert report.receipt.reproducible


@pytest.mark.parametrize("exponent", [2.6, 1 / 3, 3 / 7, np.e])
def test_real_exponents_over_six_decades_are_exact(exponent: float) -> None:
    x = np.geomspace(1e-3, 1e3, 60)
    report = discover(table(7.3e-5 * x**exponent, x=x), ALONE)
    best = report.candidates[0]
    assert best.constants[-1].value == pytest.approx(exponent, rel=1e-9)
    assert best.constants[-1].name != ""
    assert best.complexity == 5


ROUNDED = "0.387,87.97 0.723,224.7 1,365.25 1.524,686.98 5.203,4332.6 9.537,10759.2 19.19,30685 30.07,60190".split()
_EXAMPLE = Path(__file__).parents[2] / "examples/kepler/planets.csv"
PLANETS = [row.partition(",")[2] for row in _EXAMPLE.read_text().splitlines()[1:]]


@pytest.mark.parametrize("rows", [ROUNDED, PLANETS], ids=["rounded", "example"])
def test_keplers_constant_comes_with_an_interval_that_holds_the_year(rows: list[str]) -> None:
    a, days = np.array([[float(v) for v in row.split(",")] for row in rows]).T
    best = discover(table(days, a=a), ALONE).candidates[0]
    scale, exponent = best.constants
    assert (exponent.value, exponent.name) == (1.5, "3/2")
    assert scale.lower is not None
    assert scale.upper is not None
    assert scale.lower < 365.25 < scale.upper


def test_a_noisy_line_stays_a_line() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 10, 40)
    report = discover(table(70 * x + 5 + rng.normal(0, 60, 40), x=x), ALONE)
    assert report.candidates[0].complexity <= 5
    assert "NOTHING_BEATS_BASELINE" not in codes(report)  # a line is a law


@pytest.mark.parametrize("seed", range(4))
def test_pure_noise_is_not_sold_as_a_law(seed: int) -> None:
    rng = np.random.default_rng(seed)
    report = discover(table(rng.normal(size=100), a=rng.uniform(1, 5, 100), b=rng.uniform(1, 5, 100)), ALONE)
    assert report.candidates[0].complexity == 1
    assert "NOTHING_BEATS_BASELINE" in codes(report)


@pytest.mark.parametrize("seed", range(3))
def test_nor_with_an_engine_beside(seed: int) -> None:
    pytest.importorskip("pyoperon")
    rng = np.random.default_rng(seed)
    noise = table(rng.normal(size=100), a=rng.uniform(1, 5, 100), b=rng.uniform(1, 5, 100))
    report = discover(noise, Options(engine=Engine.OPERON, budget_seconds=3.0))
    assert report.candidates[0].complexity == 1


def test_a_constant_target_is_a_constant() -> None:
    report = discover(table(np.full(20, 3.25), x=np.arange(20.0)), ALONE)
    assert report.candidates[0].text == "3.25"
    assert "CONSTANT_TARGET" in codes(report)


def test_constant_and_repeated_inputs_are_warned_of_and_do_no_harm() -> None:
    x = np.linspace(1, 4, 30)
    report = discover(table(3 * x**2, x=x, copy=x, fixed=np.ones(30)), ALONE)
    assert report.candidates[0].text == "3*x**2"
    assert {"CONSTANT_COLUMN", "DUPLICATE_COLUMN"} <= codes(report)


def test_a_repeated_input_is_said_to_be_left_out_only_where_it_was() -> None:
    x = np.linspace(1, 4, 30)
    data = table(3 * x**2, x=x, copy=x)
    searched = discover(data, ALONE)
    used = evaluate_formula(data, "3*x*copy", refit=False)
    said = {w.message for report in (searched, used) for w in report.warnings if w.code == "DUPLICATE_COLUMN"}
    assert said == {
        "The input 'copy' repeats 'x'; it was left out.", "The input 'copy' repeats 'x'; both were kept.",
    }  # fmt: skip


def test_an_ansatz_is_fitted_and_what_it_misses_is_found() -> None:
    rng = np.random.default_rng(3)
    x, v = rng.uniform(-2, 2, (2, 300))
    options = Options(engine=Engine.NONE, ansatz="-1*x - 0.5*v", budget_seconds=20)
    report = discover(table(-1.3 * x - 0.4 * v - 0.7 * x**3, x=x, v=v), options)
    best = report.candidates[0]
    assert {round(c.value, 9) for c in best.constants} <= {1.3, 0.4, 0.7, -1.3, -0.4, -0.7}
    assert best.scores.relative_error < 1e-12
    assert report.refinement[0].added is None


def test_weights_decide_which_rows_count() -> None:
    x = np.arange(1.0, 21.0)
    y = 2 * x + np.random.default_rng(6).normal(0, 0.1, 20)
    y[-1] = 1000.0
    weights = np.ones(20)
    weights[-1] = 1e-12
    best = discover(table(y, weights, x=x), ALONE).candidates[0]
    assert best.complexity <= 3
    assert best.scores.r2 > 0.99


def test_a_target_over_many_decades_is_fitted_by_relative_error() -> None:
    x = np.geomspace(1e-8, 1e8, 50)
    report = discover(table(3.5e-12 * x**2.5, x=x), ALONE)
    assert "RELATIVE_LOSS" in codes(report)
    best = report.candidates[0]
    assert best.constants[1].value == 2.5
    assert best.constants[0].value == pytest.approx(3.5e-12, rel=1e-9)


def test_weights_say_what_counts_also_over_many_decades() -> None:
    x = np.geomspace(1e-3, 1e3, 50)
    columns = (Column("x", x), Column("y", 2.5 * x**2), Column("w", np.ones(50)))
    report = discover(Table(columns, target="y", weights="w"), ALONE)
    assert "RELATIVE_LOSS" not in codes(report)
    assert report.candidates[0].text == "2.5*x**2"


def test_only_the_allowed_functions_are_used() -> None:
    x = np.linspace(0.1, 6, 80)
    report = discover(table(np.sin(x), x=x), Options(engine=Engine.NONE, functions=("exp",), budget_seconds=5))
    assert all(f not in c.text for c in report.candidates for f in ("sin", "cos", "sqrt", "log"))


@pytest.mark.slow
def test_the_same_request_gives_the_same_answer_bit_for_bit() -> None:
    rng = np.random.default_rng(4)
    x, z = rng.uniform(1, 3, (2, 60))
    data = table(np.exp(-x) * z + rng.normal(0, 0.01, 60), x=x, z=z)
    first, second = (discover(data, UNHURRIED) for _ in range(2))
    assert [(c.text, c.scores, c.constants) for c in first.candidates if c.scores == c.scores] == [
        (c.text, c.scores, c.constants) for c in second.candidates if c.scores == c.scores
    ]
    assert first.receipt == second.receipt


class _Heard:
    def __init__(self) -> None:
        self.stages: list[str] = []
        self.fronts: list[tuple[Candidate, ...]] = []

    def progress(self, progress: Progress) -> None:
        assert 0 <= progress.fraction <= 1
        self.stages.append(progress.stage)

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        self.fronts.append(candidates)


def _hard() -> Table:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 8))
    y = np.sin(X[:, 0] * X[:, 1]) + np.cos(X[:, 2] - X[:, 3] ** 2) * X[:, 4] + rng.normal(0, 0.5, 400)
    return table(y, **{f"x{j}": X[:, j] for j in range(8)})


def test_a_listener_hears_of_stages_and_fronts() -> None:
    heard = _Heard()
    discover(_hard(), Options(engine=Engine.NONE, budget_seconds=3), heard)
    assert heard.fronts
    assert heard.fronts[0][0].rank == 1
    assert heard.stages


def test_a_search_that_is_told_to_stop_returns_what_it_has() -> None:
    heard = _Heard()
    report = discover(_hard(), Options(budget_seconds=600), heard, stop_requested=lambda: bool(heard.fronts))
    assert report.candidates
    assert report.receipt.cut_stages
    assert not report.receipt.reproducible


def test_a_search_that_is_stopped_at_once_still_answers_with_the_constant() -> None:
    report = discover(_hard(), Options(budget_seconds=600), stop_requested=lambda: True)
    assert report.candidates[0].complexity == 1
    assert report.receipt.cut_stages


def test_a_callers_formula_is_scored_as_given_and_refitted_on_request() -> None:
    x = np.linspace(1, 4, 50)
    data = table(3.7 * x**1.25, x=x)
    given = evaluate_formula(data, "3.5*x**1.2", refit=False)
    assert given.candidate.text == "3.5*x**1.2"
    assert given.candidate.scores.r2 < 1
    fitted = evaluate_formula(data, "3.5*x**1.2", refit=True)
    assert [c.value for c in fitted.candidate.constants] == pytest.approx([3.7, 1.25], rel=1e-12)


def test_a_formula_that_is_not_finite_everywhere_is_said_to_be_so() -> None:
    x = np.linspace(-1, 4, 50)
    result = evaluate_formula(table(x, x=x), "log(x)", refit=False)
    assert "NOT_FINITE" in {w.code for w in result.warnings}
