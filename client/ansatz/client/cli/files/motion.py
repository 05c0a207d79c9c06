"""Observed motion from data files: what --states, --time, --order, --group, --derivatives, --holdout and --stochastic
say."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansatz.client.cli.files.table import read_motion
from ansatz.client.errors import InvalidRequest

_ONLY_RUN = "1"
_HELD_OUT = "holdout"


@dataclass(frozen=True)
class MotionFlags:
    """What the command line says of a motion; `states` empty: it is none."""

    states: Sequence[str]
    time: str | None
    order: int | None
    group: str | None
    inputs: Sequence[str]
    derivatives: Sequence[str]
    holdout: str | None
    stochastic: bool

    def refuse_for_others(self) -> None:
        """Raises InvalidRequest where a flag makes sense for a motion alone and no states are named."""
        given: list[tuple[str, object]] = [
            ("--time", self.time),
            ("--order", self.order),
            ("--derivatives", self.derivatives),
        ]
        given += [("--holdout", self.holdout), ("--stochastic", self.stochastic)]
        for flag, value in given:
            if value:
                raise InvalidRequest.of(flag, "is for observed motion; name the states with --states as well")

    def read(self, source: str) -> dict[str, Any]:
        """The keywords of Client.submit_motion."""
        if not self.states:
            raise InvalidRequest.of("--states", "is not given; name the columns whose motion is to be explained")
        if not self.time:
            raise InvalidRequest.of("--time", "is not given; name the column of times")
        columns, labels = self._columns(source)
        held_out: list[str] = []
        if self.holdout:
            more, more_labels = self._columns(self.holdout)
            renamed = [f"{_HELD_OUT} {label}" for label in more_labels]
            held_out = list(dict.fromkeys(renamed))
            for name, values in columns.items():
                values.extend(more[name])
            labels += renamed
        return {
            "data": columns,
            "time": self.time,
            "states": list(self.states),
            "inputs": list(self.inputs),
            "derivatives": list(self.derivatives),
            "runs": labels if self.group or self.holdout else None,
            "order": self.order or 1,
            "held_out": held_out,
            "stochastic": self.stochastic,
        }

    def _columns(self, source: str) -> tuple[dict[str, array[float]], list[str]]:
        """The columns in use, and the run of each row."""
        assert self.time
        roles = [("trajectories.time", self.time), *(("trajectories.states", n) for n in self.states)]
        roles += [("trajectories.derivatives", n) for n in self.derivatives]
        roles += [("trajectories.inputs", n) for n in self.inputs]
        roles += [("--group", self.group)] if self.group else []
        columns, labels = read_motion(source, roles, {*self.states, *self.derivatives}, self.group)
        return columns, labels or [_ONLY_RUN] * len(columns[self.time])
