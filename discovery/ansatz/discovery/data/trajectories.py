"""Observed motion: runs of states over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ansatz.discovery.data.box import MAX_SIZE
from ansatz.discovery.data.columns import SHOWN, Columns, column_violations, smallness_violations
from ansatz.discovery.data.error_names import is_called_error_of
from ansatz.discovery.data.names import Names, rate_name
from ansatz.discovery.data.time_units import mixed_units
from ansatz.discovery.errors import InvalidInputError, Violation

MIN_SAMPLES = 5
MIN_STOCHASTIC = 10
MAX_STATES = 10


@dataclass(frozen=True, eq=False)
class Trajectories(Columns):
    """Hold runs of a motion, one row a sample.

    Raises InvalidInputError, with every violation found, where a rule is broken.

    Attributes:
        columns: of equal length n.
        time: the column of times, in one unit, increasing within each run.
        states: the columns whose motion is to be explained, in which NaN marks a missing sample.
        derivatives: those of measured first derivatives, one for each state or none.
        inputs: what may act from outside: a control, or a parameter that is constant in a run.
        runs: (n,), the run of each row, rows of a run together; empty: all rows are one run.
        order: 1, the law is for dx/dt; 2, for d²x/dt², where only positions were seen.
        held_out: runs that nothing is fitted to: candidates are judged by how well they foretell them.
        stochastic: noise drives the motion, so that only linear stochastic laws are sought. Where it is not set, they
            are tried where deterministic laws leave what looks like it.
        std_errors: the columns of standard errors of the states, in their units, one for each state or none, > 0
            wherever the state is not missing; not where noise drives the motion.
    """

    time: str
    states: tuple[str, ...]
    derivatives: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    order: int = 1
    held_out: tuple[str, ...] = ()
    stochastic: bool = False
    std_errors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        violations = [*self._shape_violations(), *self._role_violations()]
        if not violations:
            violations = [*self._value_violations(), *self._grouping_violations()]
        if not violations:
            violations = [*self._time_violations(), *self._run_violations(), *self._error_violations()]
        if violations:
            raise InvalidInputError(violations)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Return the rows of each run, by its name; the only run of unnamed rows is called 1."""
        if not self.runs:
            return {"1": slice(0, self.rows)}
        found: dict[str, slice] = {}
        for i, name in enumerate(self.runs):
            found[name] = slice(found[name].start if name in found else i, i + 1)
        return found

    @cached_property
    def names(self) -> Names:
        """Return what states, inputs, time and, of order 2, the states' rates are called in formulas."""
        usable = (*self.states, *self.inputs, self.time)
        known = {
            **dict.fromkeys(self.derivatives, "a measured derivative"),
            **{name: f"the standard errors of {of!r}" for of, name in zip(self.states, self.std_errors, strict=False)},
        }
        made = Names.of(usable, self.derivatives, self.roles_beside(known, usable))
        if self.order != 2:
            return made
        return made.with_more({rate_name(state): rate_name(made.identifiers[state]) for state in self.states})

    @cached_property
    def unobserved(self) -> tuple[str, ...]:
        """Return the states of first order without any sample, where others have some: an ansatz may tell their law."""
        empty = tuple(s for s in self.states if not np.any(np.isfinite(self.column(s).values)))
        return empty if len(empty) < len(self.states) and self.order == 1 and not self.stochastic else ()

    @property
    def called_errors(self) -> dict[str, str]:
        """Return the columns without a role that are called like the errors of states, by the state; none where errors
        are given."""
        if self.std_errors:
            return {}
        taken = {self.time, *self.states, *self.derivatives, *self.inputs}
        free = [c.name for c in self.columns if c.name not in taken]
        found = {state: [name for name in free if is_called_error_of(name, state)] for state in self.states}
        return {state: names[0] for state, names in found.items() if names}

    def _shape_violations(self) -> Iterator[Violation]:
        yield from column_violations(self.columns, "trajectories")
        lengths = {c.values.size for c in self.columns}
        rows = min(lengths, default=0)
        if self.runs and len(lengths) <= 1 and len(self.runs) != rows:
            yield Violation("trajectories.runs", f"names {len(self.runs)} rows of {rows}; name the run of every row")
        if rows < 1:
            yield Violation("trajectories.columns", f"hold no rows; give at least {MIN_SAMPLES} samples a run")

    def _role_violations(self) -> Iterator[Violation]:
        known = ", ".join(repr(c.name) for c in self.columns[:20]) or "none"
        names = {c.name for c in self.columns}
        roles = [("time", self.time), *(("states", n) for n in self.states)]
        roles += [("derivatives", n) for n in self.derivatives] + [("inputs", n) for n in self.inputs]
        roles += [("std_errors", n) for n in self.std_errors]
        if not self.time:
            yield Violation("trajectories.time", f"is not given; name one of the columns: {known}")
        if not self.states:
            yield Violation("trajectories.states", f"are not given; name at least one of the columns: {known}")
        if len(self.states) > MAX_STATES:
            yield Violation("trajectories.states", f"are {len(self.states)}; give at most {MAX_STATES}")
        seen: dict[str, str] = {}
        for role, name in roles:
            if name and name not in names:
                yield Violation(f"trajectories.{role}", f"{name!r} is no column; columns: {known}")
            elif name in seen:
                yield Violation(f"trajectories.{role}", f"{name!r} is named as {seen[name]} already; name it once")
            seen[name] = role
        if self.derivatives and len(self.derivatives) != len(self.states):
            text = f"are {len(self.derivatives)} for {len(self.states)} states; name one for each state, in their order"
            yield Violation("trajectories.derivatives", text)
        if self.std_errors and len(self.std_errors) != len(self.states):
            text = f"are {len(self.std_errors)} for {len(self.states)} states; name one for each state, in their order"
            yield Violation("trajectories.std_errors", text)
        if self.std_errors and self.stochastic:
            text = "are of measurements, and where noise drives the motion there are none; leave them out"
            yield Violation("trajectories.std_errors", text)
        identifiers = self.names.identifiers
        rates = {rate_name(identifiers[n]) for n in self.states} if self.order == 2 else set()
        for name in sorted(n for n in {self.time, *self.states, *self.inputs} if identifiers[n] in rates):
            yield Violation("trajectories.states", f"{name!r} is how formulas call a state's rate; rename that column")
        if self.order not in (1, 2):
            yield Violation("trajectories.order", f"is {self.order}; give 1 (a law for dx/dt) or 2 (for d²x/dt²)")
        if self.stochastic and self.order == 2:
            yield Violation("trajectories.stochastic", "needs a law of first order; leave it out, or give order 1")

    def _value_violations(self) -> Iterator[Violation]:
        missing = {*self.states, *self.derivatives, *self.std_errors}
        for state in self.states:
            yield from smallness_violations(self.column(state), "trajectories")
        for name in (self.time, *self.states, *self.derivatives, *self.inputs, *self.std_errors):
            values = self.column(name).values
            wrong = np.abs(values) > MAX_SIZE if name in missing else ~(np.abs(values) <= MAX_SIZE)
            if np.any(wrong):
                bad = np.flatnonzero(wrong)
                places = ", ".join(f"{self._place(int(i))} is {values[i]}" for i in bad[:SHOWN])
                more = f" and {bad.size - SHOWN} more" if bad.size > SHOWN else ""
                allowed = (
                    f"give values within ±{MAX_SIZE:g}, or leave the cell empty"
                    if name in missing
                    else f"every sample needs a finite number within ±{MAX_SIZE:g}: fill or drop"
                )
                yield Violation(f"trajectories.columns[{name!r}]", f"{places}{more}; {allowed}")

    def _error_violations(self) -> Iterator[Violation]:
        """Yield standard errors that are not > 0 where their state was measured."""
        for state, name in zip(self.states, self.std_errors, strict=False):
            errors = self.column(name).values
            wrong = np.flatnonzero(np.isfinite(self.column(state).values) & ~(errors > 0))
            if wrong.size:
                text = f"{name!r} is {errors[wrong[0]]} in {self._place(int(wrong[0]))}, where {state!r} was measured; "
                yield Violation("trajectories.std_errors", f"{text}give standard errors > 0")

    def _time_violations(self) -> Iterator[Violation]:
        field = f"trajectories.columns[{self.time!r}]"
        times = self.column(self.time).values
        if not np.all(np.isfinite(times)):
            return
        for rows in self.slices.values():
            steps = np.diff(times[rows])
            wrong = np.flatnonzero(steps <= 0)
            if not wrong.size:
                continue
            i = rows.start + int(wrong[0]) + 1
            what = "repeats" if times[i] == times[i - 1] else "lies before"
            remedy = "drop or average repeated samples" if times[i] == times[i - 1] else "sort each run by time"
            if not self.runs:
                remedy += ", or name the column that tells runs apart"
            text = f"{self._place(i)}: time {times[i]:g} {what} {times[i - 1]:g} of the row above; {remedy}"
            yield Violation(field, text)
        if np.all(np.diff(times)[[i for r in self.slices.values() for i in range(r.start, r.stop - 1)]] > 0):
            place = mixed_units({name: times[rows] for name, rows in self.slices.items()})
            if place is not None:
                run, index, factor = place
                row = self.slices[run].start + index
                text = f"{self._place(row)}: steps of time change by a factor of {factor:g}; give all times in one unit"
                yield Violation(field, text)

    def _grouping_violations(self) -> Iterator[Violation]:
        ended: set[str] = set()
        for i, name in enumerate(self.runs):
            if i and name != self.runs[i - 1]:
                ended.add(self.runs[i - 1])
                if name in ended:
                    yield Violation(
                        "trajectories.runs", f"row {i + 1} goes back to run {name!r}; put its rows together"
                    )
                    return

    def _run_violations(self) -> Iterator[Violation]:
        for name, rows in self.slices.items():
            count = rows.stop - rows.start
            least = MIN_STOCHASTIC if self.stochastic else MIN_SAMPLES
            if count < least:
                text = (
                    f"run {name!r} has {count} sample{'s' if count > 1 else ''} (row {rows.start + 1}); give at least "
                )
                yield Violation("trajectories.runs", f"{text}{least} a run, or leave the run out")
        for name in self.held_out:
            if name not in self.slices:
                known = ", ".join(map(repr, list(self.slices)[:20]))
                yield Violation("trajectories.held_out", f"{name!r} is no run; runs: {known}")
        if set(self.held_out) >= set(self.slices):
            yield Violation("trajectories.held_out", "holds out every run; leave at least one to learn from")
        yield from self._state_violations()

    def _state_violations(self) -> Iterator[Violation]:
        for name in (s for s in self.states if s not in self.unobserved):
            values = self.column(name).values
            seen = values[np.isfinite(values)]
            field = f"trajectories.columns[{name!r}]"
            if seen.size and np.ptp(seen) == 0:
                text = f"is {seen[0]:g} in every sample; leave it out of the states"
                yield Violation(field, text)
            for run, rows in self.slices.items():
                count = int(np.count_nonzero(np.isfinite(values[rows])))
                least = MIN_STOCHASTIC if self.stochastic else MIN_SAMPLES
                if count < least:
                    text = f"run {run!r} has {count} samples of it (from row {rows.start + 1}); give {least} or more"
                    yield Violation(field, text)

    def _place(self, row: int) -> str:
        """Return row and run in the caller's terms."""
        if not self.runs:
            return f"row {row + 1}"
        return f"run {self.runs[row]!r}, row {row + 1}"
