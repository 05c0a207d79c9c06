"""From observed trajectories to the record that is searched, and what to know of how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.expression import Array
from ansatz.discovery.report.motion import Jump
from ansatz.discovery.report.report import Warning
from ansatz.discovery.trajectories.events import MIN_SEGMENT, jumps, outliers
from ansatz.discovery.trajectories.jumps import measured
from ansatz.discovery.trajectories.record import Record

_MOST_SAMPLES = 4000
_WINDOW = 200
_TOLD = 5


@dataclass(frozen=True, eq=False)
class PreparedMotion:
    """`learned` is what is fitted, `held_out` what is only foretold (None: nothing); `columns` maps names in formulas
    to the caller's, where they differ; `jumps` are where runs were cut."""

    learned: Record
    held_out: Record | None
    columns: Mapping[str, str]
    warnings: tuple[Warning, ...]
    jumps: tuple[Jump, ...]


def prepare(trajectories: Trajectories) -> PreparedMotion:
    """The record of a problem. Samples that are plainly wrong are taken as missing, runs are cut where they jump, and
    of very long runs some stretches are taken, each with a warning."""
    warnings: list[Warning] = []
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
        text = f"Of {sum(r.stop - r.start for r in learned)} samples {taken} were searched, in stretches of {_WINDOW}."
        warnings.append(Warning("ROWS_SAMPLED", text))
    foretold = [rows for run, rows in trajectories.slices.items() if run in held]
    return PreparedMotion(
        _record(trajectories, chosen, x),
        _record(trajectories, foretold, x) if foretold else None,
        trajectories.names.renamed,
        tuple(warnings),
        tuple(found),
    )


def uncut(trajectories: Trajectories) -> Record:
    """The record of what is learned from with every sample as it is: where noise drives a motion, steps large and small
    are its own."""
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
            places = ", ".join(f"row {rows.start + int(i) + 1}" for i in wrong[:5])
            text = f"{state!r} of run {run!r} lies far off its neighbours in {places}: taken as missing."
            warnings.append(Warning("OUTLIERS", text))
            x[rows.start + wrong, j] = np.nan


def _pieces(  # noqa: PLR0917
    trajectories: Trajectories, run: str, rows: slice, x: Array, warnings: list[Warning], found: list[Jump]
) -> list[slice]:
    """The run, cut where a state jumps; what is too short to tell anything is left out."""
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
    if len(own) > _TOLD:
        warnings.append(Warning("JUMP", f"Run {run!r} has {len(own) - _TOLD} jumps more; the result lists them all."))
    found += sorted(own, key=lambda jump: jump.time)
    edges = [0, *(i + 1 for i in sorted(cuts)), rows.stop - rows.start]
    pieces = [slice(rows.start + a, rows.start + b) for a, b in pairwise(edges)]
    enough = [p for p in pieces if np.all(np.isfinite(x[p]).sum(axis=0) >= MIN_SEGMENT)]
    return enough or [rows]


def _tell_jump(jump: Jump, count: int, order: int, between: Array, warnings: list[Warning]) -> None:
    if count > _TOLD:
        return
    what = "The rate of" if order == 2 else "The state"
    text = (
        f"{what} {jump.state!r} jumps in run {jump.run!r} between times {between[0]:g} and {between[1]:g}, from "
        f"{jump.before:.4g} to {jump.after:.4g}: the law is for what lies between jumps."
    )
    warnings.append(Warning("JUMP", text))


def _stretches(runs: list[slice]) -> list[slice]:
    """All rows, or of more than 4,000 evenly spaced stretches of 200."""
    total = sum(r.stop - r.start for r in runs)
    if total <= _MOST_SAMPLES:
        return runs
    stretches = [
        slice(a, min(a + _WINDOW, r.stop))
        for r in runs
        for a in range(r.start, r.stop, _WINDOW)
        if min(a + _WINDOW, r.stop) - a >= MIN_SEGMENT
    ]
    most = _MOST_SAMPLES // _WINDOW
    picked = np.unique(np.linspace(0, len(stretches) - 1, min(most, len(stretches))).round().astype(int))
    return [stretches[int(i)] for i in picked]


def _record(trajectories: Trajectories, runs: list[slice], x: Array) -> Record:
    names = trajectories.names.identifiers
    rows = np.concatenate([np.arange(r.start, r.stop) for r in runs])
    lengths = [r.stop - r.start for r in runs]
    starts = tuple(int(s) for s in np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    inputs = [trajectories.column(n).values[rows] for n in trajectories.inputs]
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
    )
