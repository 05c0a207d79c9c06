"""Standard errors of the states of a motion: they weigh samples, and tell whether a system agrees with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, InvalidInputError, Options, Report, Trajectories, discover
from ansatz.discovery.data.digest import data_sha256

T = np.linspace(0, 8, 60)
QUICK = Options(engine=Engine.NONE, budget_seconds=4.0, ansatz="y: -a*y")


def motion(told: float = 1.0, seed: int = 0, **about: Any) -> Trajectories:
    """A decay whose samples have errors of very different size, and `told` times that as their standard errors."""
    rng = np.random.default_rng(seed)
    sizes = np.where(np.arange(T.size) % 2, 0.01, 0.2)
    y = 3 * np.exp(-0.5 * T) + sizes * rng.standard_normal(T.size)
    columns = (Column("t", T), Column("y", y), Column("e", told * sizes))
    return Trajectories(columns, "t", ("y",), **{"std_errors": ("e",), **about})


def rate(report: Report) -> float:
    (constant,) = [c for c in report.candidates[0].constants if c.std_error]
    return constant.value


def test_samples_weigh_by_their_errors() -> None:
    seen = [discover(motion(seed=s, std_errors=e), QUICK) for s in range(3) for e in (("e",), ())]
    off = [abs(abs(rate(report)) - 0.5) for report in seen]
    assert max(off[::2]) < 0.01
    assert sum(off[::2]) < 0.5 * sum(off[1::2])
    errors = [next(c.std_error for c in r.candidates[0].constants if c.std_error) for r in seen]
    assert max(errors[::2]) < 0.5 * min(errors[1::2])


@pytest.mark.parametrize(("told", "said"), [(1.0, ""), (0.5, "too large"), (3.0, "far too small")])
def test_a_system_is_compared_with_the_errors(told: float, said: str) -> None:
    report = discover(motion(told), QUICK)
    assert report.chi_squared is not None
    assert report.chi_squared.degrees == T.size - 2
    (message,) = [w.message for w in report.warnings if w.code == "ERRORS_DISAGREE"] or [""]
    assert said in message
    assert bool(said) == bool(message)
    assert discover(motion(told, std_errors=()), QUICK).chi_squared is None


def test_a_missing_sample_needs_no_error() -> None:
    made = motion()
    gap = np.arange(T.size) == 7
    columns = tuple(replace(c, values=np.where(gap & (c.name != "t"), np.nan, c.values)) for c in made.columns)
    report = discover(replace(made, columns=columns), QUICK)
    assert report.chi_squared is not None
    assert report.chi_squared.degrees == T.size - 3


@pytest.mark.parametrize(
    ("about", "told", "said"),
    [
        ({}, 0.0, "'e' is 0.0 in row 1, where 'y' was measured; give standard errors > 0"),
        ({}, np.nan, "'e' is nan in row 1"),
        ({"std_errors": ("e", "f")}, 1.0, "'f' is no column"),
        ({"std_errors": ("y",)}, 1.0, "named as states already"),
        ({"stochastic": True}, 1.0, "where noise drives the motion there are none"),
    ],
)
def test_errors_that_cannot_be_are_refused(about: dict[str, Any], told: float, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        motion(told, **about)
    assert any(v.field == "trajectories.std_errors" and said in v.description for v in caught.value.violations)


def test_a_column_called_like_the_error_of_a_state_is_told() -> None:
    made = motion(std_errors=())
    columns = tuple(replace(c, name="y_err" if c.name == "e" else c.name) for c in made.columns)
    report = discover(replace(made, columns=columns), replace(QUICK, budget_seconds=1.0))
    (message,) = [w.message for w in report.warnings if w.code == "ERROR_COLUMN"]
    assert "--std-errors y_err" in message
    report = discover(replace(made, columns=columns, std_errors=("y_err",)), replace(QUICK, budget_seconds=1.0))
    assert "ERROR_COLUMN" not in {w.code for w in report.warnings}


def test_the_digest_tells_the_errors() -> None:
    assert len({data_sha256(m) for m in (motion(), motion(2.0), motion(std_errors=()))}) == 3
