"""Explicit dependence on time: a wave of one frequency in a right-hand side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, add, call
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import monomials


@dataclass(frozen=True)
class _Frequencies:
    """Say which frequencies are scanned. Chosen by judgement; `python -m bench.second_order` holds them.

    Attributes:
        most: that are tried.
        fewest: that are tried.
        per_resolved: tried for each frequency that the span of a run tells from the next.
        highest: of that at which there are two samples a period.
    """

    most: int = 600
    fewest: int = 8
    per_resolved: int = 6
    highest: float = 0.5


@dataclass(frozen=True)
class _Evidence:
    """Say when a frequency stands out. Chosen by judgement; `python -m bench.second_order` holds them.

    Attributes:
        share: of what low powers leave, explained by the wave.
        bits: gained by the wave, far more than the best of some hundred frequencies gains by chance.
        most_states: whose low powers are known beside the wave.
        most_cubic: states whose cubic powers are known too; of more, straight lines.
        least_left: share that a wave leaves, at least, so that bits stay finite.
        condition: directions of two columns below this share of the larger are not determined, in the scan.
        rounding: the same for the wave that is taken.
    """

    share: float = 0.2
    bits: float = 30.0
    most_states: int = 4
    most_cubic: int = 2
    least_left: float = 1e-12
    condition: float = 1e-8
    rounding: float = 1e-12


_FREQUENCIES: Final = _Frequencies()
_EVIDENCE: Final = _Evidence()


def driving_waves(smoothed: Smoothed, form: IntegralForm, formula: Node) -> Iterator[Node]:
    """Yield sin(w*t), cos(w*t) and cos(w*t + phase) at one frequency; nothing where none stands out.

    It explains most of what `formula` and low powers of the states leave.
    """
    record = smoothed.record
    time = smoothed.node_times.ravel()
    span = max(float(np.ptp(record.t[run])) for run in record.runs)
    step = float(np.median(np.diff(record.t)[np.diff(record.t) > 0]))
    count = min(_FREQUENCIES.most, int(_FREQUENCIES.per_resolved * span / (2 * np.pi) * (np.pi / step)))
    highest = _FREQUENCIES.highest * np.pi / step
    frequencies = np.linspace(np.pi / span, highest, max(count, _FREQUENCIES.fewest))
    residual, slopes = form.linearised(formula)
    states = [n for n in record.components if np.ptp(smoothed.columns[n]) > 0][: _EVIDENCE.most_states]
    degree = 3 if len(states) <= _EVIDENCE.most_cubic else 1
    plain = [evaluate(m, smoothed.columns, time.size) for m in monomials(states, degree)]
    known = np.hstack([form.known, slopes, form.integrated(np.column_stack(plain))])
    basis = np.linalg.qr(known)[0]
    rest = residual - basis @ (basis.T @ residual)
    share = np.array([_share(form, basis, rest, time, w) for w in frequencies])
    best = int(np.argmax(share))
    rows = rest.size
    gain = -0.5 * rows * np.log2(max(1 - share[best], _EVIDENCE.least_left))
    if share[best] < _EVIDENCE.share or gain < _EVIDENCE.bits:
        return
    w = float(frequencies[best])
    sine, cosine = _coefficients(form, basis, rest, time, w)
    clock = Variable(record.time)
    wave = build.scaled(w, clock)
    yield call("cos", wave)
    yield call("sin", wave)
    yield call("cos", add(wave, build.number(float(np.arctan2(-sine, cosine)))))


def _projected(form: IntegralForm, basis: Array, time: Array, w: float) -> Array:
    waves = form.integrated(np.column_stack([np.sin(w * time), np.cos(w * time)]))
    return waves - basis @ (basis.T @ waves)


def _coefficients(form: IntegralForm, basis: Array, rest: Array, time: Array, w: float) -> tuple[float, float]:
    solution = np.linalg.lstsq(_projected(form, basis, time, w), rest, rcond=_EVIDENCE.rounding)[0]
    return float(solution[0]), float(solution[1])


def _share(form: IntegralForm, basis: Array, rest: Array, time: Array, w: float) -> float:
    """Return the share of what is left that a wave explains."""
    waves = _projected(form, basis, time, w)
    solution = np.linalg.lstsq(waves, rest, rcond=_EVIDENCE.condition)[0]
    total = float(rest @ rest)
    return 1.0 - float(np.sum((rest - waves @ solution) ** 2)) / total if total > 0 else 0.0
