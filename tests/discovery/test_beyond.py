"""Formulas that the data do not tell apart, outside the data: where they disagree is told."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.evidence.beyond import Predict, beyond_warnings

X = {"x": np.geomspace(1, 12, 12), "z": np.linspace(-1, 1, 12)}
Y = np.sqrt(X["x"])


def told(*rivals: Predict) -> str:
    """What the warning says, empty where there is none."""
    found = beyond_warnings(X, Y, [(f"formula {i + 1}", rival) for i, rival in enumerate(rivals)])
    return "".join(w.message for w in found)


def test_a_decade_beyond_an_input_over_decades() -> None:
    message = told(lambda at: np.sqrt(at["x"]), lambda at: at["x"] ** 1.5 / 12)
    assert "above the data: at x = 120 (the data end at 12;" in message
    assert "formula 1 gives 10.95, and formula 2 gives 109.5" in message


def test_one_range_beyond_an_input_of_either_sign() -> None:
    message = told(lambda at: 3 + at["z"], lambda at: 3 + at["z"] ** 3)
    assert re.search(r"(above|below) the data: at z = -?3 ", message)
    assert "other inputs in the middle" in message


@pytest.mark.parametrize(
    "rival", [lambda at: np.sqrt(at["x"]) * 1.4, lambda at: np.sqrt(at["x"]) + 0.1, lambda at: at["x"] * np.nan]
)
def test_what_agrees_within_a_factor_of_two_is_no_disagreement(rival: Predict) -> None:
    assert not told(lambda at: np.sqrt(at["x"]), rival)
    assert not told(rival)


def test_a_table_that_a_power_and_a_bell_fit_alike() -> None:
    noise = np.random.default_rng(3).standard_normal(12)
    table = Table((Column("x", X["x"]), Column("y", X["x"] / (X["x"] + 3) * (1 + 0.06 * noise))), "y")
    report = discover(table, Options(engine=Engine.NONE, budget_seconds=2.0))
    best = report.candidates[0].scores.description_length
    rivals = [c.text for c in report.candidates if c.scores.description_length <= best + 4.3 and c.complexity > 1]
    (message,) = [w.message for w in report.warnings if w.code == "EXTRAPOLATION_DISAGREES"]
    assert rivals[0] in message
    assert any(text in message for text in rivals[1:])
