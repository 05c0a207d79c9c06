"""From samples of a motion in files to the arguments of a client."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansatz.client.cli.files.columns import check_columns, read_columns
from ansatz.client.encode.labels import labels
from ansatz.client.errors import InvalidRequest

_ONLY_RUN = "1"
_HELD_OUT = "holdout"


@dataclass(frozen=True)
class MotionFile:
    """What to read of a motion.

    Attributes:
        source: the file, or "-" for standard input.
        time: the column of times.
        states: the columns to be explained; an empty cell is a missing sample.
        inputs: columns of controls, or of parameters that are constant in a run.
        derivatives: columns of measured derivatives, one for each state; an empty cell is a missing sample.
        std_errors: columns of standard errors of the states, one for each; a cell may be empty where the state's is.
        group: the column that tells runs apart; none: all rows of the file are one run.
        holdout: another file of runs, with the same columns, from which nothing is learned.
    """

    source: str
    time: str
    states: Sequence[str]
    inputs: Sequence[str] = ()
    derivatives: Sequence[str] = ()
    std_errors: Sequence[str] = ()
    group: str | None = None
    holdout: str | None = None

    def arguments(self) -> dict[str, Any]:
        """Return keywords of Client.submit_motion. Raises InvalidRequest."""
        columns, runs = self._samples(self.source)
        held_out: list[str] = []
        if self.holdout:
            more, more_runs = self._further_samples(self.holdout)
            renamed = [f"{_HELD_OUT} {label}" for label in more_runs]
            held_out = list(dict.fromkeys(renamed))
            for name, values in columns.items():
                values.extend(more[name])
            runs += renamed
        return {
            "data": columns,
            "time": self.time,
            "states": list(self.states),
            "inputs": list(self.inputs),
            "derivatives": list(self.derivatives),
            "std_errors": list(self.std_errors),
            "runs": runs if self.group or self.holdout else None,
            "held_out": held_out,
        }

    def _further_samples(self, source: str) -> tuple[dict[str, array[float]], list[str]]:
        """As `_samples`, of the runs held out: what is wrong with them is said of --holdout."""
        try:
            return self._samples(source)
        except InvalidRequest as error:
            said = "; ".join(
                v.description if v.field == "data" else f"{v.field}: {v.description}" for v in error.violations
            )
            raise InvalidRequest.of("--holdout", said or error.message) from None

    def _samples(self, source: str) -> tuple[dict[str, array[float]], list[str]]:
        """The columns in use, and the run of each row."""
        roles = [("trajectories.time", self.time), *(("trajectories.states", n) for n in self.states)]
        roles += [("trajectories.derivatives", n) for n in self.derivatives]
        roles += [("trajectories.inputs", n) for n in self.inputs]
        roles += [("trajectories.std_errors", n) for n in self.std_errors]
        roles += [("--group", self.group)] if self.group is not None else []

        def choose(names: Sequence[str]) -> Sequence[str]:
            check_columns(roles, names)
            if self.group in (self.time, *self.states, *self.derivatives, *self.inputs, *self.std_errors):
                raise InvalidRequest.of("--group", f"{self.group!r} has a role already; name another column")
            return list(dict.fromkeys(name for _, name in roles))

        columns = read_columns(source, choose, self.group, {*self.states, *self.derivatives, *self.std_errors})
        runs = columns.pop(self.group) if self.group else None
        samples = {name: values for name, values in columns.items() if isinstance(values, array)}
        if runs is None:
            return samples, [_ONLY_RUN] * len(samples[self.time])
        return samples, labels(runs, "--group")
