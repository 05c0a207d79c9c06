"""Conditional laws: right-hand sides that differ below and above a threshold on a state.

Low powers of the states, with coefficients of their own on either side, are fitted in integral form for every threshold
of a scan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, call, evaluate, multiply
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.candidates import Candidates, RightHandSide
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import monomials

_THRESHOLDS = 41
_FINER = (17, 17)
_EDGE = 0.04
_CLEAR_BITS = 30.0
_WORSE = 1.05
_RESOLVED = 2e-3
"""Below this share of a state's spread the integral form does not resolve steps between samples."""
_MOST_STATES = 4
_NEAR_ZERO = 0.05
_ZERO_BITS = 8.0
_LEAST_RELATIVE = 1e-6


def switching_terms(
    smoothed: Smoothed, proposed: Sequence[Candidates], names: Sequence[str], budget: Budget
) -> list[Node]:
    """Terms that change their sign at a threshold, after sums with them were proposed for every state that seems to
    have one."""
    terms: list[Node] = []
    for candidates in proposed:
        if candidates.exact or not candidates.best or budget.spent:
            continue
        beyond = threshold(smoothed, candidates.form, candidates.best[0].explained.rms)
        if beyond is not None:
            step, bend = call("sign", beyond), call("max", beyond, Number(0.0))
            for term in (step, bend):
                candidates.driven(budget, names, [term])
            candidates.reduce(budget)
            terms += [step, *(multiply(Variable(n), step) for n in names)]
    return list(dict.fromkeys(terms))


def switching_systems(proposed: Sequence[Candidates]) -> Iterator[list[RightHandSide]]:
    """Systems that switch where they may: smooth laws of many terms come nearer in integral form, which does not
    resolve steps, but not on the trajectories."""
    choices = [c.switched or c.best[:1] for c in proposed]
    for k in range(max(map(len, choices)) if all(choices) else 0):
        yield [own[min(k, len(own) - 1)] for own in choices]


def threshold(smoothed: Smoothed, form: IntegralForm, best_rms: float) -> Node | None:
    """state - threshold, for the threshold that explains most of what low powers of the states leave; None where none
    stands out, or where it leaves more than `best_rms`."""
    names = [n for n in smoothed.record.components if np.ptp(smoothed.columns[n]) > 0]
    if not names or len(names) > _MOST_STATES:
        return None
    rows = smoothed.node_times.size
    plain = np.column_stack([evaluate(m, smoothed.columns, rows) for m in monomials(names, 2)])
    basis = np.linalg.qr(np.hstack([form.known, form.integrated(plain)]))[0]
    rest = form.target - basis @ (basis.T @ form.target)
    scan = _Scan(form, basis, rest, plain[:, : 1 + len(names)])
    found = [(scan.best(smoothed.columns[n]), n) for n in names]
    (left, value), name = min(found)
    floor = rest.size * (_LEAST_RELATIVE * form.scale) ** 2
    # The threshold itself is one of about as many as there are samples.
    bits = 0.5 * rest.size * math.log2((float(rest @ rest) + floor) / (left + floor))
    bits -= 0.5 * (len(names) + 3) * math.log2(rest.size)
    if bits < _CLEAR_BITS or math.sqrt(left / rest.size) > max(_WORSE * best_rms, _RESOLVED * form.scale):
        return None
    x = smoothed.columns[name]
    # Rates of order 2 often switch where the motion turns.
    near = abs(value) < _NEAR_ZERO * float(np.ptp(x))
    if near and 0.5 * rest.size * math.log2((scan.left(x, 0.0) + floor) / (left + floor)) < _ZERO_BITS:
        value = 0.0
    return build.linear([1.0, -value], [Variable(name), build.ONE])


@dataclass(frozen=True, eq=False)
class _Scan:
    """What thresholds leave of a residual (rows,) beside an orthonormal basis; `values` (nodes, m) are the terms that
    switch."""

    form: IntegralForm
    basis: Array
    rest: Array
    values: Array

    def best(self, x: Array) -> tuple[float, float]:
        """The least sum of squares that is left, and the threshold on x that leaves it."""
        low, high = np.quantile(x, (_EDGE, 1 - _EDGE))
        grid = np.linspace(low, high, _THRESHOLDS)
        least = self._least(x, grid)
        for count in _FINER:
            step = float(grid[1] - grid[0])
            grid = np.linspace(least[1] - step, least[1] + step, count)
            least = min(least, self._least(x, grid))
        return least

    def _least(self, x: Array, grid: Array) -> tuple[float, float]:
        return min((self.left(x, float(c)), float(c)) for c in grid)

    def left(self, x: Array, threshold: float) -> float:
        features = self.form.integrated(self.values * np.sign(x - threshold)[:, None])
        features = features - self.basis @ (self.basis.T @ features)
        solution = np.linalg.lstsq(features, self.rest, rcond=1e-8)[0]
        return float(np.sum((self.rest - features @ solution) ** 2))
