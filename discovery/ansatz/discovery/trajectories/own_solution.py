"""A caller's system on its solutions, as a fit among others: runs that begin as they were prepared, stiff motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.named import NamedSystem
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.runge_kutta import METHODS
from ansatz.discovery.trajectories.scored import ScoredSystem, scored
from ansatz.discovery.trajectories.shooting import Shooting, SystemFit
from ansatz.discovery.trajectories.solution import Known, Solutions, Solved
from ansatz.discovery.trajectories.whole import Range

_REFUSED: Final = 0.01
"""p-value of the F-test at which the data do not begin where the first samples are."""


def are_prepared(record: Record) -> bool:
    """Return whether runs begin as they were prepared: with complete samples in which some states are exactly zero.

    What is measured with an error is never exactly zero time and again.
    """
    first = np.array([record.observed[run.start] for run in record.runs])
    later = np.vstack([record.observed[run.start + 1 : run.stop] for run in record.runs])
    some = np.any((first == 0) & np.any(later != 0, axis=0), axis=1)
    return bool(np.all(np.isfinite(first)) and np.all(some) and np.count_nonzero(later == 0) == 0)


def from_prepared(
    item: ScoredSystem, shooting: Shooting, ranges: Mapping[str, Range], free_bits: float
) -> ScoredSystem | None:
    """Return the caller's system fitted with the first samples as initial values; None where the data refuse them."""
    assert item.own is not None
    from scipy.stats import f as fisher

    initial = np.array([shooting.record.observed[run.start] for run in shooting.record.runs])
    known = replace(Known.free(initial), fixed=np.ones(initial.shape, dtype=bool))
    solved = Solutions(shooting.record, ranges, known, shooting.stop).fit(item.own, initial)
    if solved is None:
        return None
    rest = ((item.fit.states - shooting.record.observed) / solved.sigma)[np.isfinite(shooting.record.observed)]
    degrees = max(rest.size - len(item.own.values) - initial.size, 1)
    gained = max(solved.cost - float(rest @ rest), 0.0) / initial.size
    if fisher.sf(gained / max(float(rest @ rest) / degrees, 1e-300), initial.size, degrees) < _REFUSED:
        return None
    return as_item(solved, shooting, item.origins, free_bits, pieces=0)


def from_first_states(
    starts: Sequence[NamedSystem], shooting: Shooting, ranges: Mapping[str, Range], origins: Sequence[Origin],
    free_bits: float,
) -> ScoredSystem | None:  # fmt: skip
    """Return a caller's system fitted on its solutions, from the best of some starts; None where none reaches the end
    of the data. Initial values start near the first samples."""
    initial: Array = np.array([shooting.states[run.start] for run in shooting.record.runs])
    solutions = Solutions(shooting.record, ranges, Known.free(initial), shooting.stop)
    own = min(starts, key=lambda start: solutions.cost(start, initial))
    solved = solutions.fit(own, initial)
    return None if solved is None else as_item(solved, shooting, origins, free_bits, pieces=len(initial))


def as_item(
    solved: Solved, shooting: Shooting, origins: Sequence[Origin], free_bits: float, *, pieces: int
) -> ScoredSystem:
    """Return a solved system with its description length, of which `free_bits` cost nothing."""
    p = len(solved.own.values)
    fit = SystemFit(
        solved.own.system(),
        solved.states,
        shooting.residual(solved.states),
        solved.spread.standard_errors(solved.size)[:p],
        solved.size**2 * solved.spread.covariance[:p, :p],
        pieces,
        True,
        METHODS[-1],
    )
    item = scored(fit, shooting, tuple(origins))
    return replace(item, bits=item.bits - free_bits, own=solved.own)
