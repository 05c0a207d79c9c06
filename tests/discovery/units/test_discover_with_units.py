"""Discovery with units: what they make findable, and how they rank."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ansatz.discovery import Column, Consistency, Engine, Options, Report, Table, discover, evaluate_formula

ROWS = 150


def table(target: np.ndarray, unit: str, inputs: Mapping[str, tuple[np.ndarray, str]]) -> Table:
    return Table((*(Column(n, x, u) for n, (x, u) in inputs.items()), Column("y", target, unit)), "y")


def options(seconds: float = 20.0, dimensional_constants: bool = False) -> Options:
    return Options(engine=Engine.NONE, budget_seconds=seconds, dimensional_constants=dimensional_constants)


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_drag_is_found_through_the_reynolds_number(rng: np.random.Generator) -> None:
    rho, v, d, mu = (rng.uniform(a, b, ROWS) for a, b in [(1, 3), (1, 5), (0.5, 2), (1, 5)])
    reynolds = rho * v * d / mu
    force = rho * v**2 * d**2 * 24 / reynolds * (1 + 3 / 16 * reynolds)  # Oseen 1910
    inputs = {"rho": (rho, "kg/m^3"), "v": (v, "m/s"), "d": (d, "m"), "mu": (mu, "Pa*s")}
    best = discover(table(force, "N", inputs), options()).candidates[0]
    assert best.scores.relative_error < 1e-12
    assert best.dimensions is Consistency.CONSISTENT
    assert best.found_by.startswith("dimensional.")


def test_a_radiation_law_of_six_inputs_is_exact(rng: np.random.Generator) -> None:
    w, temperature, h, k, c, area = (rng.uniform(1, 5, ROWS) for _ in range(6))
    power = area * h * w**3 / c**2 / (np.exp(h * w / (k * temperature)) - 1)
    inputs = {"w": (w, "1/s"), "T": (temperature, "K"), "h": (h, "J*s"), "k": (k, "J/K"), "c": (c, "m/s")}
    report = discover(table(power, "J", {**inputs, "A": (area, "m^2")}), options())
    assert report.candidates[0].scores.relative_error < 1e-12
    assert report.candidates[0].dimensions is Consistency.CONSISTENT


def test_units_tell_apart_what_numbers_cannot(rng: np.random.Generator) -> None:
    width = rng.uniform(1, 5, ROWS)
    duration = width * (1 + 1e-3 * rng.standard_normal(ROWS))  # nearly the same numbers
    height = 2.5 * width + 0.05 * rng.standard_normal(ROWS)
    inputs = {"duration": (duration, "s"), "width": (width, "m")}
    report = discover(table(height, "m", inputs), options(4.0))
    assert report.candidates[0].dimensions is Consistency.CONSISTENT
    assert report.candidates[0].text.endswith("*width")


def test_no_law_of_wrong_dimension_stands_above_a_right_one(rng: np.random.Generator) -> None:
    x, t = rng.uniform(1, 5, (2, ROWS))
    report = discover(table(2.5 * x + 1.5 * t, "m", {"x": (x, "m"), "t": (t, "s")}), options(6.0))
    standing = [c.dimensions for c in report.candidates if c.complexity > 1]
    right = [i for i, s in enumerate(standing) if s is Consistency.CONSISTENT]
    assert right == list(range(len(right)))
    assert right
    assert "DIMENSIONS_DISAGREE" in codes(report)
    message = next(w.message for w in report.warnings if w.code == "DIMENSIONS_DISAGREE")
    assert "2.5*x + 1.5*t" in message


def test_dimensional_constants_when_asked(rng: np.random.Generator) -> None:
    v, t = rng.uniform(1, 5, (2, ROWS))
    data = table(v * t - 4.905 * t**2, "m", {"v": (v, "m/s"), "t": (t, "s")})
    report = discover(data, options(dimensional_constants=True))
    best = report.candidates[0]
    assert best.scores.relative_error < 1e-12
    assert best.dimensions is Consistency.DIMENSIONAL_CONSTANTS
    assert "DIMENSIONS_DISAGREE" not in codes(report)


def test_a_constant_in_front_may_carry_the_dimension_that_the_inputs_lack() -> None:
    a = np.array([0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07])
    report = discover(table(365.25 * a**1.5, "day", {"a": (a, "au")}), options())
    assert report.candidates[0].text == "365.25*a**1.5"
    assert report.candidates[0].dimensions is Consistency.DIMENSIONAL_CONSTANTS
    assert "DIMENSIONS_DISAGREE" not in codes(report)


def test_a_law_against_its_units_is_named_in_the_warning(rng: np.random.Generator) -> None:
    x, t = rng.uniform(1, 5, (2, ROWS))
    report = discover(table(x + t, "m", {"x": (x, "m"), "t": (t, "s")}), options(6.0))
    assert report.candidates[0].dimensions is Consistency.CONSISTENT
    law = next(c for c in report.candidates if c.text == "x + t")
    assert law.dimensions is Consistency.INCONSISTENT
    message = next(w.message for w in report.warnings if w.code == "DIMENSIONS_DISAGREE")
    assert message.startswith("x + t explains far more")


def test_noise_is_no_law_with_units_either(rng: np.random.Generator) -> None:
    x, t = rng.uniform(1, 5, (2, ROWS))
    report = discover(table(rng.normal(size=ROWS), "m", {"x": (x, "m"), "t": (t, "s")}), options(4.0))
    assert report.candidates[0].complexity == 1
    assert "NOTHING_BEATS_BASELINE" in codes(report)


def test_without_units_nothing_is_said_of_dimensions(rng: np.random.Generator) -> None:
    x, t = rng.uniform(1, 5, (2, ROWS))
    report = discover(table(x + t, "", {"x": (x, ""), "t": (t, "")}), options())
    assert report.candidates[0].text == "x + t"
    assert report.candidates[0].dimensions is None


def test_a_callers_formula_is_told_how_its_dimensions_stand(rng: np.random.Generator) -> None:
    x, t = rng.uniform(1, 5, (2, ROWS))
    data = table(x / t, "m/s", {"x": (x, "m"), "t": (t, "s")})
    assert evaluate_formula(data, "x/t", refit=False).candidate.dimensions is Consistency.CONSISTENT
    wrong = evaluate_formula(data, "x + t", refit=False)
    assert wrong.candidate.dimensions is Consistency.INCONSISTENT
    assert "DIMENSIONS_DISAGREE" in {w.code for w in wrong.warnings}
