"""Conditional laws: right-hand sides that differ below and above a threshold on a state.

Low powers of the states, with coefficients of their own on either side, are fitted in integral form for every threshold
of a scan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, call, evaluate, multiply
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.candidates import Candidates, RightHandSide
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import monomials


@dataclass(frozen=True)
class _Scanning:
    """Say where thresholds are looked for. Chosen by judgement; the tests of thresholds hold them.

    Attributes:
        values: tried on each state.
        finer: values tried about the best, from its neighbour to its neighbour, one scan after the other.
        edge: share of the samples on either side beyond which too few are left to tell a law from.
        most_states: of more, the low powers on either side are too many.
        condition: directions of the terms below this share of the largest are not determined.
    """

    values: int = 41
    finer: tuple[int, ...] = (17, 17)
    edge: float = 0.04
    most_states: int = 4
    condition: float = 1e-8


@dataclass(frozen=True)
class _Evidence:
    """Say when a threshold stands out. Chosen by judgement; the tests of thresholds hold them.

    Attributes:
        bits: gained over low powers without a threshold, above what the constants cost.
        worse: residual over that of the best smooth candidate, at most.
        resolved: residual over the state's spread that is good enough: steps between samples are resolved no better.
        near_zero: share of the range within which a threshold may be 0, where motions of order 2 turn.
        zero_bits: that a threshold of 0 may lose.
        least_relative: share of the state's spread that counts as a residual, so that bits stay finite.
    """

    bits: float = 30.0
    worse: float = 1.05
    resolved: float = 2e-3
    near_zero: float = 0.05
    zero_bits: float = 8.0
    least_relative: float = 1e-6


_SCANNING: Final = _Scanning()
_EVIDENCE: Final = _Evidence()


def switching_terms(
    smoothed: Smoothed, proposed: Sequence[Candidates], names: Sequence[str], budget: Budget
) -> list[Node]:
    """Return terms that change their sign at a threshold, and propose sums with them.

    Sums are proposed for every state that seems to have a threshold.
    """
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
    """Yield systems that switch where they may.

    Smooth laws of many terms come nearer in integral form, which does not resolve steps, but not on the trajectories.
    """
    choices = [c.switched or c.best[:1] for c in proposed]
    for k in range(max(map(len, choices)) if all(choices) else 0):
        yield [own[min(k, len(own) - 1)] for own in choices]


def threshold(smoothed: Smoothed, form: IntegralForm, best_rms: float) -> Node | None:
    """Return state - threshold for the threshold that explains most of what low powers of the states leave.

    Return None where none stands out, or where it leaves more than `best_rms`.
    """
    names = [n for n in smoothed.record.components if np.ptp(smoothed.columns[n]) > 0]
    if not names or len(names) > _SCANNING.most_states:
        return None
    rows = smoothed.node_times.size
    plain = np.column_stack([evaluate(m, smoothed.columns, rows) for m in monomials(names, 2)])
    basis = np.linalg.qr(np.hstack([form.known, form.integrated(plain)]))[0]
    rest = form.target - basis @ (basis.T @ form.target)
    scan = _Scan(form, basis, rest, plain[:, : 1 + len(names)])
    found = [(scan.best(smoothed.columns[n]), n) for n in names]
    (left, value), name = min(found)
    floor = rest.size * (_EVIDENCE.least_relative * form.scale) ** 2
    # The threshold itself is one of about as many as there are samples.
    bits = 0.5 * rest.size * math.log2((float(rest @ rest) + floor) / (left + floor))
    bits -= 0.5 * (len(names) + 3) * math.log2(rest.size)
    most = max(_EVIDENCE.worse * best_rms, _EVIDENCE.resolved * form.scale)
    if bits < _EVIDENCE.bits or math.sqrt(left / rest.size) > most:
        return None
    x = smoothed.columns[name]
    near = abs(value) < _EVIDENCE.near_zero * float(np.ptp(x))
    if near and 0.5 * rest.size * math.log2((scan.left(x, 0.0) + floor) / (left + floor)) < _EVIDENCE.zero_bits:
        value = 0.0
    return build.linear([1.0, -value], [Variable(name), build.ONE])


@dataclass(frozen=True, eq=False)
class _Scan:
    """What thresholds leave of a residual.

    Attributes:
        form: the integral form of the state.
        basis: orthonormal, what is known beside the threshold, `(rows, k)`.
        rest: what that leaves, `(rows,)`.
        values: of the terms that switch, `(nodes, m)`.
    """

    form: IntegralForm
    basis: Array
    rest: Array
    values: Array

    def best(self, x: Array) -> tuple[float, float]:
        """Return the least sum of squares that is left, and the threshold on x `(nodes,)` that leaves it."""
        low, high = np.quantile(x, (_SCANNING.edge, 1 - _SCANNING.edge))
        grid = np.linspace(low, high, _SCANNING.values)
        least = self._least(x, grid)
        for count in _SCANNING.finer:
            step = float(grid[1] - grid[0])
            grid = np.linspace(least[1] - step, least[1] + step, count)
            least = min(least, self._least(x, grid))
        return least

    def _least(self, x: Array, grid: Array) -> tuple[float, float]:
        return min((self.left(x, float(c)), float(c)) for c in grid)

    def left(self, x: Array, threshold: float) -> float:
        """Return the sum of squares that a threshold on x leaves."""
        features = self.form.integrated(self.values * np.sign(x - threshold)[:, None])
        features = features - self.basis @ (self.basis.T @ features)
        solution = np.linalg.lstsq(features, self.rest, rcond=_SCANNING.condition)[0]
        return float(np.sum((self.rest - features @ solution) ** 2))
