"""The space in which a law is simplest, given or found."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, InvalidInputError, Options, Report, Table, discover, validate


def table(target: np.ndarray, **inputs: np.ndarray) -> Table:
    return Table(tuple(Column(n, np.asarray(v, dtype=np.float64)) for n, v in {**inputs, "y": target}.items()), "y")


def found(data: Table, metric: str, seconds: float = 3) -> Report:
    return discover(data, Options(("exp", "log"), Engine.NONE, seconds, metric=metric))


def _logit_data(noise: float) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-3, 3, 60)
    z = 1.7 * x + 0.4 + np.random.default_rng(1).normal(0, noise, x.size)
    return x, 1 / (1 + np.exp(-z))


def test_a_law_simple_in_the_logit_is_found_there_and_told_in_the_target() -> None:
    x, y = _logit_data(0.1)
    report = found(table(y, x=x), "logit")
    best = report.candidates[0]
    assert report.metric == "logit"
    assert best.text.startswith("1/(1 + exp(-(")
    slope, offset = (c.value for c in best.constants)
    assert (slope, offset) == pytest.approx((1.7, 0.4), abs=0.1)
    prediction = 1 / (1 + np.exp(-(slope * x + offset)))
    assert best.scores.rmse == pytest.approx(np.sqrt(np.mean((prediction - y) ** 2)))
    assert 0 < best.scores.extrapolation_rmse < 0.1


@pytest.mark.parametrize("metric", ["log", "log-log", "logit", "guess:0.25"])
def test_an_exact_law_is_exact_whatever_the_metric(metric: str) -> None:
    x = np.linspace(0.5, 3, 40)
    z = 0.3 * x - 2
    back = {"log": np.exp(z), "log-log": np.exp(-np.exp(z)), "logit": 1 / (1 + np.exp(-z)), "guess:0.25": z + 0.25}
    best = found(table(back[metric], x=x), metric).candidates[0]
    assert best.scores.relative_error < 1e-13
    assert [c.value for c in best.constants if c.std_error][:1] == pytest.approx([0.3])


@pytest.mark.slow
def test_the_simplest_metric_is_chosen_by_description_length() -> None:
    x, y = _logit_data(0.3)
    assert found(table(y, x=x), "auto", 8).metric == "logit"
    noisy = 2 * x + 9 + np.random.default_rng(2).normal(0, 0.3, x.size)
    assert found(table(noisy, x=x), "auto", 4).metric == ""


def test_a_plain_search_says_where_the_law_is_simpler() -> None:
    x = np.geomspace(1, 1000, 60)
    y = 3e-2 * x**0.6 * np.exp(np.random.default_rng(3).normal(0, 0.3, x.size))
    assert any(w.code == "SIMPLER_IN_METRIC" and "log" in w.message for w in found(table(y, x=x), "").warnings)
    flat = 2 * x + 900 + np.random.default_rng(2).normal(0, 10, x.size)
    assert "SIMPLER_IN_METRIC" not in {w.code for w in found(table(flat, x=x), "").warnings}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "ln"}, "'ln' is no metric"),
        ({"metric": "guess:chance"}, "no metric"),
        ({"metric": "guess:nan"}, "no metric"),
        ({"metric": "logit"}, "'y' is 1.5 in row 3 (and 1 more rows)"),
        ({"metric": "log", "ansatz": "a*x"}, "beside an ansatz"),
        ({"metric": "log", "functions": ("sin",)}, "'log' leads back by exp"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused_by_value_and_row(options: dict[str, object], said: str) -> None:
    y = np.array([0.1, 0.2, 1.5, 0.3, 2.0, 0.4])
    with pytest.raises(InvalidInputError) as caught:
        validate(table(y, x=np.arange(6.0)), Options(engine=Engine.NONE, **options))  # type: ignore[arg-type]
    assert {v.field for v in caught.value.violations} == {"options.metric"}
    assert said in str(caught.value)
