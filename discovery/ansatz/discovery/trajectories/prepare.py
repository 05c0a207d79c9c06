"""From observed trajectories to the record that is searched, and what to know of how it came about."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.expression import Array
from ansatz.discovery.report.motion import Jump
from ansatz.discovery.report.report import Warning
from ansatz.discovery.trajectories.events import MIN_SEGMENT, jumps, outliers
from ansatz.discovery.trajectories.jumps import measured
from ansatz.discovery.trajectories.record import Record


@dataclass(frozen=True)
class _Limits:
    """Say how much is searched and told. Chosen by judgement.

    Attributes:
        most_samples: that are searched: the time of a fit grows in proportion.
        stretch: samples that stay together where there are more; some periods of a motion well sampled.
        told: jumps of a run that get a warning of their own.
        places: rows that a warning of outliers names.
    """

    most_samples: int = 4000
    stretch: int = 200
    told: int = 5
    places: int = 5


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class PreparedMotion:
    """Trajectories made ready.

    Attributes:
        learned: what is fitted.
        held_out: what is only foretold, None where nothing is.
        columns: names in formulas to the caller's, where they differ.
        warnings: on what was changed or left out.
        jumps: where runs were cut.
    """

    learned: Record
    held_out: Record | None
    columns: Mapping[str, str]
    warnings: tuple[Warning, ...]
    jumps: tuple[Jump, ...]


def prepare(trajectories: Trajectories) -> PreparedMotion:
    """Return the record of a problem, with a warning for whatever was changed.

    Samples that are plainly wrong are taken as missing, runs are cut where they jump, and of very long runs some
    stretches are taken.
    """
    warnings = _error_columns(trajectories)
    found: list[Jump] = []
    x = np.column_stack([trajectories.column(n).values for n in trajectories.states]).astype(np.float64)
    held = set(trajectories.held_out)
    learned: list[slice] = []
    for run, rows in trajectories.slices.items():
        if run not in held:
            _drop_outliers(trajectories, run, rows, x, warnings)
            learned += _pieces(trajectories, run, rows, x, warnings, found)
    chosen = _stretches(learned)
    if sum(r.stop - r.start for r in chosen) < sum(r.stop - r.start for r in learned):
        taken = sum(r.stop - r.start for r in chosen)
        total = sum(r.stop - r.start for r in learned)
        text = f"Of {total} samples {taken} were searched, in stretches of {_LIMITS.stretch}."
        warnings.append(Warning("ROWS_SAMPLED", text))
    foretold = [rows for run, rows in trajectories.slices.items() if run in held]
    return PreparedMotion(
        _record(trajectories, chosen, x),
        _record(trajectories, foretold, x) if foretold else None,
        trajectories.names.renamed,
        tuple(warnings),
        tuple(found),
    )


def _error_columns(trajectories: Trajectories) -> list[Warning]:
    """Warn of columns that are called like the errors of states, and are not used."""
    called = trajectories.called_errors
    if not called:
        return []
    columns = ",".join(called.get(state, "COL") for state in trajectories.states)
    text = (
        f"Called like errors of states and not used: {', '.join(map(repr, called.values()))}. If standard errors of "
        f"the states are known, give them, one for each state (--std-errors {shlex.quote(columns)})."
    )
    return [Warning("ERROR_COLUMN", text)]


def uncut(trajectories: Trajectories) -> Record:
    """Return the record of what is learned from with every sample as it is.

    Where noise drives a motion, steps large and small are its own.
    """
    x = np.column_stack([trajectories.column(n).values for n in trajectories.states]).astype(np.float64)
    held = set(trajectories.held_out)
    rows = [r for run, r in trajectories.slices.items() if run not in held]
    return _record(trajectories, _stretches(rows), x)


def _drop_outliers(trajectories: Trajectories, run: str, rows: slice, x: Array, warnings: list[Warning]) -> None:
    t = trajectories.column(trajectories.time).values[rows]
    for j, state in enumerate(trajectories.states):
        column = x[rows, j]
        seen = np.flatnonzero(np.isfinite(column))
        wrong = seen[outliers(t[seen], column[seen])] if seen.size else seen
        if wrong.size:
            places = ", ".join(f"row {rows.start + int(i) + 1}" for i in wrong[: _LIMITS.places])
            text = f"{state!r} of run {run!r} lies far off its neighbours in {places}: taken as missing."
            warnings.append(Warning("OUTLIERS", text))
            x[rows.start + wrong, j] = np.nan


def _pieces(  # noqa: PLR0917
    trajectories: Trajectories, run: str, rows: slice, x: Array, warnings: list[Warning], found: list[Jump]
) -> list[slice]:
    """Return the run, cut where a state jumps; what is too short to tell anything is left out."""
    t = trajectories.column(trajectories.time).values[rows]
    cuts: set[int] = set()
    own: list[Jump] = []
    for j, state in enumerate(trajectories.states):
        seen = np.flatnonzero(np.isfinite(x[rows, j]))
        samples = [jump.sample for jump in jumps(t[seen], x[rows, j][seen], trajectories.order)]
        edges = [0, *(s + 1 for s in samples), seen.size]
        for k, sample in enumerate(samples):
            beside = edges[k], edges[k + 2]
            own.append(measured(run, state, t[seen], x[rows, j][seen], sample, trajectories.order, beside))
            _tell_jump(own[-1], len(own), trajectories.order, t[seen][sample : sample + 2], warnings)
        cuts |= {int(seen[s]) for s in samples}
    if (more := len(own) - _LIMITS.told) > 0:
        warnings.append(Warning("JUMP", f"Run {run!r} has {more} jumps more; the result lists them all."))
    found += sorted(own, key=lambda jump: jump.time)
    edges = [0, *(i + 1 for i in sorted(cuts)), rows.stop - rows.start]
    pieces = [slice(rows.start + a, rows.start + b) for a, b in pairwise(edges)]
    enough = [p for p in pieces if np.all(np.isfinite(x[p]).sum(axis=0) >= MIN_SEGMENT)]
    return enough or [rows]


def _tell_jump(jump: Jump, count: int, order: int, between: Array, warnings: list[Warning]) -> None:
    if count > _LIMITS.told:
        return
    what = "The rate of" if order == 2 else "The state"
    text = (
        f"{what} {jump.state!r} jumps in run {jump.run!r} between times {between[0]:g} and {between[1]:g}, from "
        f"{jump.before:.4g} to {jump.after:.4g}: the law is for what lies between jumps."
    )
    warnings.append(Warning("JUMP", text))


def _stretches(runs: list[slice]) -> list[slice]:
    """Return all rows, or where there are too many evenly spaced stretches of them."""
    total = sum(r.stop - r.start for r in runs)
    if total <= _LIMITS.most_samples:
        return runs
    length = _LIMITS.stretch
    stretches = [
        slice(a, min(a + length, r.stop))
        for r in runs
        for a in range(r.start, r.stop, length)
        if min(a + length, r.stop) - a >= MIN_SEGMENT
    ]
    most = _LIMITS.most_samples // length
    picked = np.unique(np.linspace(0, len(stretches) - 1, min(most, len(stretches))).round().astype(int))
    return [stretches[int(i)] for i in picked]


def _record(trajectories: Trajectories, runs: list[slice], x: Array) -> Record:
    names = trajectories.names.identifiers
    rows = np.concatenate([np.arange(r.start, r.stop) for r in runs])
    lengths = [r.stop - r.start for r in runs]
    starts = tuple(int(s) for s in np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    inputs = [trajectories.column(n).values[rows] for n in trajectories.inputs]
    errors = [trajectories.column(n).values[rows] for n in trajectories.std_errors]
    rates = [trajectories.column(n).values[rows] for n in trajectories.derivatives]
    return Record(
        t=np.asarray(trajectories.column(trajectories.time).values[rows], dtype=np.float64),
        x=x[rows],
        u=np.column_stack(inputs) if inputs else np.empty((rows.size, 0)),
        starts=starts,
        states=tuple(names[n] for n in trajectories.states),
        inputs=tuple(names[n] for n in trajectories.inputs),
        time=names[trajectories.time],
        order=trajectories.order,
        v=np.column_stack(rates) if rates else None,
        errors=np.column_stack(errors) if errors else None,
    )
