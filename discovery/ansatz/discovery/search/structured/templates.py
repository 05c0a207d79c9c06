"""Curves of one input with several constants inside, and oscillations.

The first are fitted from several starts by Levenberg-Marquardt, the second by a fine scan of frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, call, multiply, parse, substitute
from ansatz.discovery.expression.node import Apply, Variable, walk
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.selection import Regression
from ansatz.discovery.search.structured.shortlist import Shortlist


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched.
        evaluations: of a formula, to fit its constants.
        frequencies: of the scan.
        best: frequencies of the scan that are followed.
    """

    rows: int = 200
    least_rows: int = 6
    evaluations: int = 60
    frequencies: int = 1500
    best: int = 3


@dataclass(frozen=True)
class _Starts:
    """Say where fits begin: near simple numbers, but at none, since a whole number would be taken for structure.

    Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        first: exponents p.
        second: exponents q, where there are two.
        offset: of the constant c0.
        size: of the constant c1.
        damping: of an oscillation, in decays over the range of the input.
    """

    first: tuple[float, ...] = (0.51, -0.51, 1.51, -1.01, 2.51, -2.51)
    second: tuple[float, ...] = (-0.77, 1.33)
    offset: float = 0.513
    size: float = 0.511
    damping: float = 0.1


_EFFORT: Final = _Effort()
_STARTS: Final = _Starts()

# x is the input over its median.
_CURVES: Final = (
    "c0 + c1*x**p",
    "1/(c0 + c1*x**p)",
    "exp(c0 + c1*x**p)",
    "sqrt(c0 + c1*x**p)",
    "c0*x**p + c1*x**q",
    "x**p/(c0 + c1*x**q)",
    "x**p*exp(c0 + c1*x**q)",
    "c0 + c1*exp(p*x)",
    "c0*exp(p*x) + c1*exp(q*x)",
    "c0 + c1*(1 + x)**p*x**q",
    "c0*x**p*log(1 + c1*x)",
)


@dataclass(frozen=True)
class Templates:
    """Propose sums of powers, sigmoids, stretched exponentials and oscillations, within `pieces` of work."""

    name: str = "structured.templates"
    pieces: int = 200

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        if len(problem.names) != 1 or np.ptp(problem.X[:, 0]) == 0 or problem.rows < _EFFORT.least_rows:
            return
        small = problem.subsample(_EFFORT.rows)
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            for formula in _oscillations(small):
                shortlist.offer(formula)
                if shortlist.budget.spent:
                    return
            for formula in _curves(small):
                shortlist.offer(formula)
                if shortlist.budget.spent:
                    return


def _curves(problem: Problem) -> Iterator[Node]:
    x = problem.X[:, 0]
    if not np.all(x > 0):
        return
    scale = float(np.median(x))
    inside = build.scaled(1 / scale, Variable(problem.names[0]))
    for text in _CURVES:
        tree = parse(text, ["x", "c0", "c1", "p", "q"])
        if not {n.op for n in walk(tree) if isinstance(n, Apply) and n.op.isalpha()} <= problem.functions:
            continue
        best: tuple[float, Node] | None = None
        for start in _starts(text):
            formula = substitute(tree, {k: Number(v) for k, v in start.items()} | {"x": inside})
            fit = fit_constants(formula, problem, max_evaluations=_EFFORT.evaluations)
            if np.isfinite(fit.rmse) and (best is None or fit.rmse < best[0]):
                best = (fit.rmse, fit.formula)
        if best is not None:
            yield best[1]


def _starts(text: str) -> Iterator[dict[str, float]]:
    for p in _STARTS.first:
        for q in _STARTS.second if "q" in text else (0.0,):
            yield {"c0": _STARTS.offset, "c1": _STARTS.size, "p": p, "q": q}


def _oscillations(problem: Problem) -> Iterator[Node]:
    """Yield a + b*sin(w*x) + c*cos(w*x), also as one wave or damped, at the best frequencies of a fine scan."""
    if not {"sin", "cos"} <= problem.functions:
        return
    x = problem.X[:, 0]
    span = float(np.ptp(x))
    ordered = np.sort(x)
    gap = float(np.median(np.diff(ordered))) or span / x.size
    highest = min(np.pi / gap, 0.5 * _EFFORT.frequencies / span * np.pi)
    grid = np.linspace(np.pi / span, max(highest, 2 * np.pi / span), _EFFORT.frequencies)
    gains = wave_gains(problem, x, grid)
    node = Variable(problem.names[0])
    for k in np.argsort(-gains, kind="stable")[: _EFFORT.best]:
        w = float(grid[k])
        argument = build.scaled(w, node)
        waves = [call("sin", argument), call("cos", argument)]
        features = np.column_stack([np.sin(w * x), np.cos(w * x)])
        roots = np.ones(x.size) if problem.weights is None else np.sqrt(problem.weights)
        model = Regression(problem.y, features, np.ones((x.size, 1)), roots).fit((0, 1))
        a, b, c = model.coefficients.tolist()
        sum_ = build.linear([b, c, a], [*waves, build.ONE])
        yield fit_constants(sum_, problem, max_evaluations=_EFFORT.evaluations).formula
        size = float(np.hypot(b, c))
        for name, phase in (("cos", float(np.arctan2(-b, c))), ("sin", float(np.arctan2(c, b)))):
            wave = call(name, build.linear([w, phase], [node, build.ONE]))
            yield fit_constants(build.linear([size, a], [wave, build.ONE]), problem).formula
            damped = multiply(call("exp", build.scaled(-_STARTS.damping / span, node)), wave)
            yield fit_constants(build.scaled(size, damped), problem, max_evaluations=_EFFORT.evaluations).formula
            yield build.linear([size, a], [call(name, build.scaled(w, node)), build.ONE])


def wave_gains(problem: Problem, x: Array, grid: Array) -> Array:
    """Return the share of the target that a wave in x of each frequency of the grid explains."""
    weights = np.ones(x.size) if problem.weights is None else problem.weights
    y = (problem.y - np.average(problem.y, weights=weights)) * np.sqrt(weights)
    sines = np.sin(np.outer(grid, x)) * np.sqrt(weights)
    cosines = np.cos(np.outer(grid, x)) * np.sqrt(weights)
    sines -= sines.mean(axis=1, keepdims=True)
    cosines -= cosines.mean(axis=1, keepdims=True)
    ss, cc, sc = (sines**2).sum(1), (cosines**2).sum(1), (sines * cosines).sum(1)
    ys, yc = sines @ y, cosines @ y
    with np.errstate(all="ignore"):
        gain: Array = (ys**2 * cc - 2 * ys * yc * sc + yc**2 * ss) / (ss * cc - sc**2)
        share: Array = np.nan_to_num(gain / float(y @ y), posinf=0.0, neginf=0.0)
    return share
