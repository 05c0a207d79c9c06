"""Motions of the kinds that people bring, searched without an ansatz, each with the right equations.

Where the data are from is told in tests/data/motion_cases/SOURCE.txt. Budgets count in CPU seconds.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Trajectories, discover
from ansatz.discovery.expression import Array, evaluate, parse
from bench.clock import cpu_seconds

FOLDER = Path(__file__).parents[2] / "data" / "motion_cases"
EXACT, NOISY = 0.01, 0.1
"""The error along the motion, over the spread of the right-hand side, up to which an equation is right."""


@dataclass(frozen=True)
class Case:
    """Right-hand sides by state; `clean` names the file of the same motion without noise.

    `missing` says why a case is not tried, `late` why one may end before it is right on a slow machine.
    """

    equations: Mapping[str, str]
    order: int = 1
    budget: float = 30.0
    clean: str = ""
    missing: str = ""
    late: str = ""


_MONOD = {"X": "(0.6*S/(0.35+S) - 0.25)*X", "S": "0.25*(4-S) - 1.32*S*X/(0.35+S)"}
_GROWTH = "0.035*G/(1+G)*10/(10+La)"
_DEATH = f"6e-4/({_GROWTH}+0.01)"
_UPTAKE = f"({_GROWTH}/9.23e7+8e-13)*Xv"
CASES: Mapping[str, Case] = {
    "goodwin": Case({"u": "1/(1+w**10) - 0.1*u", "v": "u - 0.1*v", "w": "v - 0.1*w"}),
    "repressilator": Case({"a": "5/(1+c**3) - a", "b": "5/(1+a**3) - b", "c": "5/(1+b**3) - c"}),
    "goodwin_n4": Case({"u": "2/(1+w**4) - 0.3*u", "v": "u - 0.4*v", "w": "v - 0.35*w"}),
    "haldane": Case({"X": "0.45*S*X/(0.3+S+S**2/4)", "S": "-0.9*S*X/(0.3+S+S**2/4)"}),
    "chemostat": Case(_MONOD),
    "chemostat_noisy": Case(
        _MONOD, clean="chemostat", missing="in noise the joint fits take more than 30 CPU seconds now and then"
    ),
    "toggle": Case({"u": "3.2/(1+v**3) - u", "v": "2.5/(1+u**2) - v"}),
    "cho": Case(
        {
            "Xv": f"({_GROWTH}-{_DEATH})*Xv", "Xd": f"{_DEATH}*Xv-0.04*Xd",
            "G": f"-{_UPTAKE}", "La": f"1.6*{_UPTAKE}",
        },
        budget=60.0,
        late="it uses all of its budget",
    ),
    "goldbeter_mitosis": Case(
        {
            "C": "0.025-0.25*X*C/(0.02+C)-0.01*C",
            "M": "3*C/(0.5+C)*(1-M)/(1.1-M)-1.5*M/(0.1+M)",
            "X": "M*(1-X)/(1.1-X)-0.5*X/(0.1+X)",
        },
        missing="products of a saturation and of a share that is left are no family yet",
    ),
    "cstr": Case(
        {"Ca": "0.5*(2-Ca)-7.2e10*exp(-8750/T)*Ca", "T": "0.5*(350-T)+4.32e12*exp(-8750/T)*Ca+300-T"},
        late="it uses all of its budget",
    ),
    "projectile": Case({"x": "-0.04*x_t*sqrt(x_t**2+y_t**2)", "y": "-9.81-0.04*y_t*sqrt(x_t**2+y_t**2)"}, order=2),
    "orbit": Case({"x": "-4*x/(x**2+y**2)**1.5", "y": "-4*y/(x**2+y**2)**1.5"}, order=2),
    "pendulum_coulomb": Case(
        {"q": "-9*sin(q) - 0.15*q_t*abs(q_t) - 0.4*sign(q_t)"}, order=2,
        missing="the corners of dry friction are smoothed away",
    ),
    "robertson": Case(
        {"A": "-0.04*A+1e4*B*D", "B": "0.04*A-1e4*B*D-3e7*B**2", "D": "3e7*B**2"},
        missing="intervals of stiff motion are integrated explicitly",
    ),
}  # fmt: skip


def _columns(name: str) -> dict[str, list[str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {key: [row[key] for row in rows] for key in rows[0]}


def observed(name: str) -> Trajectories:
    """Return the trajectories of a case."""
    case, columns = CASES[name], _columns(name)
    states = tuple(case.equations)
    numbers = [Column(key, np.array(columns[key], dtype=float)) for key in ("t", *states)]
    return Trajectories(tuple(numbers), "t", states, runs=tuple(columns["run"]), order=case.order)


def along(name: str) -> dict[str, Array]:
    """Return the variables of right-hand sides along the motion; of order 2, rates by differences."""
    case = CASES[name]
    columns = _columns(case.clean or name)
    found = {key: np.array(columns[key], dtype=float) for key in ("t", *case.equations)}
    if case.order == 2:
        runs = np.array(columns["run"])
        for state in case.equations:
            rates = [np.gradient(found[state][runs == r], found["t"][runs == r]) for r in dict.fromkeys(columns["run"])]
            found[f"{state}_t"] = np.concatenate(rates)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.xfail(reason=c.missing or c.late, run=not c.missing, strict=False))
        if c.missing or c.late
        else n
        for n, c in CASES.items()
    ],
)
def test_the_equations_that_made_a_motion_are_found(name: str) -> None:
    case, variables = CASES[name], along(name)
    with cpu_seconds(True):
        report = discover(observed(name), Options(engine=Engine.NONE, budget_seconds=case.budget))

    rows = variables["t"].size
    for state, text in case.equations.items():
        right = evaluate(parse(text, tuple(variables)), variables, rows)
        found = evaluate(report.candidates[0].equations[state], variables, rows)
        error = float(np.sqrt(np.mean((found - right) ** 2)) / np.std(right))
        assert error < (NOISY if case.clean else EXACT), state
