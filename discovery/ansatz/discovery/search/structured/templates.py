"""Curves of one input with several constants inside, from several starts by Levenberg-Marquardt, and oscillations by a
fine scan of frequencies."""

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

_ROWS: Final = 200
_EVALUATIONS: Final = 60
_EXPONENTS: Final = (0.51, -0.51, 1.51, -1.01, 2.51, -2.51)
_FREQUENCIES: Final = 1500
_BEST: Final = 3

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
    """Sums of powers, sigmoids, stretched exponentials, and oscillations of the only input."""

    name: str = "structured.templates"
    pieces: int = 200

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        if len(problem.names) != 1 or np.ptp(problem.X[:, 0]) == 0 or problem.rows < 6:
            return
        small = problem.subsample(_ROWS)
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
            fit = fit_constants(formula, problem, max_evaluations=_EVALUATIONS)
            if np.isfinite(fit.rmse) and (best is None or fit.rmse < best[0]):
                best = (fit.rmse, fit.formula)
        if best is not None:
            yield best[1]


def _starts(text: str) -> Iterator[dict[str, float]]:
    for p in _EXPONENTS:
        for q in (-0.77, 1.33) if "q" in text else (0.0,):
            yield {"c0": 0.513, "c1": 0.511, "p": p, "q": q}


def _oscillations(problem: Problem) -> Iterator[Node]:
    """a + b*sin(w*x) + c*cos(w*x), also times x or damped, at the best frequencies of a fine scan."""
    if not {"sin", "cos"} <= problem.functions:
        return
    x = problem.X[:, 0]
    span = float(np.ptp(x))
    ordered = np.sort(x)
    gap = float(np.median(np.diff(ordered))) or span / x.size
    highest = min(np.pi / gap, 0.5 * _FREQUENCIES / span * np.pi)
    grid = np.linspace(np.pi / span, max(highest, 2 * np.pi / span), _FREQUENCIES)
    gains = wave_gains(problem, x, grid)
    node = Variable(problem.names[0])
    for k in np.argsort(-gains, kind="stable")[:_BEST]:
        w = float(grid[k])
        argument = build.scaled(w, node)
        waves = [call("sin", argument), call("cos", argument)]
        features = np.column_stack([np.sin(w * x), np.cos(w * x)])
        roots = np.ones(x.size) if problem.weights is None else np.sqrt(problem.weights)
        model = Regression(problem.y, features, np.ones((x.size, 1)), roots).fit((0, 1))
        a, b, c = model.coefficients.tolist()
        sum_ = build.linear([b, c, a], [*waves, build.ONE])
        yield fit_constants(sum_, problem, max_evaluations=_EVALUATIONS).formula
        size = float(np.hypot(b, c))
        for name, phase in (("cos", float(np.arctan2(-b, c))), ("sin", float(np.arctan2(c, b)))):
            wave = call(name, build.linear([w, phase], [node, build.ONE]))
            yield fit_constants(build.linear([size, a], [wave, build.ONE]), problem).formula
            damped = multiply(call("exp", build.scaled(-0.1 / span, node)), wave)
            yield fit_constants(build.scaled(size, damped), problem, max_evaluations=_EVALUATIONS).formula
            yield build.linear([size, a], [call(name, build.scaled(w, node)), build.ONE])


def wave_gains(problem: Problem, x: Array, grid: Array) -> Array:
    """The share of the target that a wave in x of each frequency of the grid explains."""
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
