"""Explicit dependence on time: a wave of one frequency in a right-hand side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, add, call
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import monomials

_MOST_FREQUENCIES = 600
_PER_SPAN = 6
_LEAST_SHARE = 0.2
_LEAST_BITS = 30.0
_MOST_STATES = 4


def driving_waves(smoothed: Smoothed, form: IntegralForm, formula: Node) -> Iterator[Node]:
    """sin(w*t), cos(w*t) and cos(w*t + phase) at the frequency that explains most of what `formula` and low powers of
    the states leave; nothing where no frequency stands out."""
    record = smoothed.record
    time = smoothed.node_times.ravel()
    span = max(float(np.ptp(record.t[run])) for run in record.runs)
    step = float(np.median(np.diff(record.t)[np.diff(record.t) > 0]))
    count = min(_MOST_FREQUENCIES, int(_PER_SPAN * span / (2 * np.pi) * (np.pi / step)))
    frequencies = np.linspace(np.pi / span, 0.5 * np.pi / step, max(count, 8))
    residual, slopes = form.linearised(formula)
    states = [n for n in record.components if np.ptp(smoothed.columns[n]) > 0][:_MOST_STATES]
    plain = [evaluate(m, smoothed.columns, time.size) for m in monomials(states, 3 if len(states) <= 2 else 1)]
    known = np.hstack([form.known, slopes, form.integrated(np.column_stack(plain))])
    basis = np.linalg.qr(known)[0]
    rest = residual - basis @ (basis.T @ residual)
    share = np.array([_share(form, basis, rest, time, w) for w in frequencies])
    best = int(np.argmax(share))
    rows = rest.size
    if share[best] < _LEAST_SHARE or -0.5 * rows * np.log2(max(1 - share[best], 1e-12)) < _LEAST_BITS:
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
    solution = np.linalg.lstsq(_projected(form, basis, time, w), rest, rcond=1e-12)[0]
    return float(solution[0]), float(solution[1])


def _share(form: IntegralForm, basis: Array, rest: Array, time: Array, w: float) -> float:
    """The share of what is left that a wave explains."""
    waves = _projected(form, basis, time, w)
    solution = np.linalg.lstsq(waves, rest, rcond=1e-8)[0]
    total = float(rest @ rest)
    return 1.0 - float(np.sum((rest - waves @ solution) ** 2)) / total if total > 0 else 0.0
