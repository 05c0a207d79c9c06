"""The constants of a caller's system: each once, by its name, with its error, and how they hang together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import given_numbers, numbers
from ansatz.discovery.report.report import Candidate, Constant, Warning
from ansatz.discovery.trajectories.named import is_named
from ansatz.discovery.trajectories.scored import ScoredSystem

_LEAST_ERROR: Final = 1e-10
"""Relative, that a constant is told to have at least: the rounding of integration."""
_CLOSE: Final = 0.95
"""Correlation of two constants from which on it is told. Chosen by judgement."""
_TOLD: Final = 6


def named_constants(item: ScoredSystem, samples: int) -> tuple[Constant, ...]:
    """Return each constant of the caller's system once, with its 95 % interval from `samples` values of states.

    Those at a bound have no error. Numbers of it that stay as they were given stand after them.
    """
    assert item.own is not None
    half, errors = t_quantile(samples - item.fit.fitted), iter(item.fit.errors)
    found = []
    for name, value in item.own.values.items():
        parameter = name if is_named(name) else ""
        error = math.nan if name in item.held else float(next(errors))
        if math.isnan(error):
            found.append(Constant(value, parameter=parameter))
            continue
        error = max(error, _LEAST_ERROR * abs(value))
        found.append(Constant(value, error, value - half * error, value + half * error, parameter=parameter))
    for formula in item.own.formulas:
        values = numbers(formula)
        given = ((float(values[k]), name) for k, name in given_numbers(formula).items())
        found += [Constant.given(value, name) for value, name in given if not is_integer(value)]
    return tuple(found)


def correlations(item: ScoredSystem) -> tuple[tuple[float, ...], ...]:
    """Return the correlations of the constants of a caller's system, in the order of `named_constants`.

    NaN stands where the data do not determine one of the two, 1 on the diagonal of what was given.
    """
    assert item.own is not None
    given = [k for f in item.own.formulas for k in given_numbers(f) if not is_integer(float(numbers(f)[k]))]
    count = len(item.own.values) + len(given)
    if count < 2:
        return ()
    free = [i for i, name in enumerate(item.own.values) if name not in item.held]
    sizes = np.sqrt(np.diag(item.fit.covariance))
    loose = np.isnan(item.fit.errors) | ~(sizes > 0)
    with np.errstate(all="ignore"):
        own = np.clip(item.fit.covariance / np.outer(sizes, sizes), -1.0, 1.0)
    found = np.full((count, count), np.nan)
    found[np.ix_(free, free)] = np.where(loose[:, None] | loose[None, :], np.nan, own)
    return tuple(tuple(map(float, row)) for row in found)


def correlation_warnings(candidates: Sequence[Candidate]) -> list[Warning]:
    """Return a warning on constants of the caller's, in the first candidate that has them, that hang together."""
    mine = next((c for c in candidates if c.correlations and any(k.parameter for k in c.constants)), None)
    if mine is None:
        return []
    pairs = [
        (abs(r), f"{a.parameter} and {b.parameter} ({r:+.3f})")
        for i, a in enumerate(mine.constants)
        for b, r in zip(mine.constants[:i], mine.correlations[i][:i], strict=True)
        if a.parameter and b.parameter and abs(r) > _CLOSE
    ]
    if not pairs:
        return []
    shown = ", ".join(text for _, text in sorted(pairs, reverse=True)[:_TOLD])
    more = f" and {len(pairs) - _TOLD} more pairs" if len(pairs) > _TOLD else ""
    text = f"Of rank {mine.rank} the data determine some constants little but together; correlations: {shown}{more}."
    return [Warning("CONSTANTS_CORRELATED", text)]
