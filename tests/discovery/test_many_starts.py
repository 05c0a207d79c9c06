"""Fits of a caller's formula without starts: peaks, decays and waves find their places, to the last digit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Parameter, Table
from ansatz.discovery.fit.many_starts import fit_model
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import read_question

X = np.linspace(0.5, 60.0, 80)
TWO_PEAKS = "a/(1 + ((x - m)/s)**2) + b*exp(-((x - n)/t)**2) + c"
DECAYS = "a*exp(-k*x) + b*exp(-l*x)"
WAVES = "a*sin(2*pi*x/p) + b*cos(2*pi*x/p) + c*sin(2*pi*x/q) + d*cos(2*pi*x/q)"
LAWS: Mapping[str, tuple[str, dict[str, float]]] = {
    "peaks": (TWO_PEAKS, {"a": 4.0, "m": 14.0, "s": 1.7, "b": 2.5, "n": 33.0, "t": 3.0, "c": 0.7}),
    "decays": (DECAYS, {"a": 1.5, "k": 0.031, "b": 4.0, "l": 0.29}),
    "waves": (WAVES, {"a": 1.0, "b": 0.7, "p": 21.0, "c": -0.8, "d": 0.6, "q": 6.1}),
    "sigmoid": ("u + (v - u)/(1 + (h/x)**n)", {"u": 2.0, "v": 90.0, "h": 17.0, "n": 2.6}),
}  # fmt: skip


def fitted(formula: str, y: np.ndarray, *parameters: Parameter) -> dict[str, float]:
    table = Table((Column("x", X), Column("y", y)), "y")
    prepared = prepare(read_question(table, Options(ansatz=formula, parameters=parameters, engine=Engine.NONE)))
    assert prepared.ansatz is not None
    return dict(fit_model(AnsatzModel.of(prepared.ansatz), prepared.problem).values)


def law(formula: str, **constants: float) -> np.ndarray:
    found: np.ndarray = eval(formula, {"x": X, "pi": np.pi, "exp": np.exp, "sin": np.sin, "cos": np.cos, **constants})
    return found


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found_without_starts_its_parts_in_order(name: str) -> None:
    formula, constants = LAWS[name]
    assert fitted(formula, law(formula, **constants)) == pytest.approx(constants, rel=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_constants_are_least_squares_to_the_last_digit(name: str) -> None:
    formula, constants = LAWS[name]
    y = law(formula, **constants) + 0.1 * np.random.default_rng(3).standard_normal(X.size)
    found = fitted(formula, y)
    slopes = []
    for n, value in found.items():
        step = 1e-5 * abs(value)
        up, down = (law(formula, **{**found, n: value + sign * step}) for sign in (1, -1))
        slopes.append((up - down) / (2 * step))
    left = y - law(formula, **found)
    spread = np.sqrt(np.diag(np.linalg.inv(np.array(slopes) @ np.array(slopes).T)))
    # How far the gradient is from zero, in standard errors of the constants.
    assert np.all(np.abs(np.array(slopes) @ left) * spread < 1e-7 * np.linalg.norm(left))


def test_parts_with_starts_stay_where_the_caller_put_them() -> None:
    constants = LAWS["decays"][1]
    starts = (Parameter("k", start=0.2), Parameter("l", start=0.05))
    found = fitted(DECAYS, law(DECAYS, **constants), *starts)
    assert found == pytest.approx({"a": 4.0, "k": 0.29, "b": 1.5, "l": 0.031}, rel=1e-9)
