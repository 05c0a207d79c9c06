"""Which option belongs to which kind of observations. All else is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.data.digest import Observations
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.errors import InvalidInputError, Violation


class Kind(StrEnum):
    """A kind of observations, by what errors call it."""

    TABLE = "a table"
    GROUPED = "grouped data"
    CURVES = "curves"
    RUNS = "curves with constants for each run"
    MOTION = "a motion"
    STOCHASTIC = "a motion that noise drives"

    @classmethod
    def of(cls, observations: Observations) -> Kind:
        """Return the kind of these observations."""
        if isinstance(observations, Trajectories):
            return cls.STOCHASTIC if observations.stochastic else cls.MOTION
        if isinstance(observations, Curves):
            return cls.RUNS if observations.per_run else cls.CURVES
        return cls.GROUPED if observations.group else cls.TABLE


@dataclass(frozen=True)
class Use:
    """The kinds that use an option; `instead` says to others what to do, where it is more than to leave it out."""

    kinds: tuple[Kind, ...]
    instead: Mapping[Kind, str] = field(default_factory=dict)

    def advice(self, kind: Kind) -> str:
        """Return what a caller with observations of another kind should do."""
        return self.instead.get(kind, "leave it out")


_TABLES = (Kind.TABLE, Kind.GROUPED)
_WITH_ANSATZ = (*_TABLES, Kind.CURVES, Kind.MOTION)
_WITHOUT_ANSATZ = {
    Kind.RUNS: "leave it out, or curves.per_run",
    Kind.STOCHASTIC: "leave it out, or trajectories.stochastic",
}
_AS_THEY_ARE = "leave it out: numbers beside named constants and whole numbers stay as they are"
USES: Final[Mapping[str, Use]] = {
    "functions": Use(tuple(Kind)),
    "engine": Use(_TABLES, dict.fromkeys(Kind, "give auto or none")),
    "budget_seconds": Use(tuple(Kind)),
    "seed": Use(tuple(Kind)),
    "max_complexity": Use(tuple(Kind)),
    "ansatz": Use(_WITH_ANSATZ, _WITHOUT_ANSATZ),
    "dimensional_constants": Use(_TABLES),
    "parameters": Use(_WITH_ANSATZ, _WITHOUT_ANSATZ),
    "fixed_numbers": Use((*_TABLES, Kind.CURVES), {**_WITHOUT_ANSATZ, Kind.MOTION: _AS_THEY_ARE}),
    "free_numbers": Use(_WITH_ANSATZ, _WITHOUT_ANSATZ),
    "loss": Use(
        (Kind.TABLE,),
        {
            **dict.fromkeys(Kind, "give squared"),
            Kind.GROUPED: "give squared, with weights for the scale of errors",
            Kind.CURVES: "leave it out: their laws are always fitted by Huber's loss",
        },
    ),
    "per_group": Use(
        (Kind.GROUPED,),
        {
            Kind.TABLE: "of grouped data, name the column of the groups (table.group)",
            Kind.CURVES: "leave it out: curves.per_run gives each run constants of its own",
            Kind.MOTION: "leave it out: a system has the same constants in all runs",
        },
    ),
    "start_formulas": Use((*_TABLES, Kind.CURVES)),
    "metric": Use(
        (Kind.TABLE,),
        {
            Kind.GROUPED: "make the transformed target a column",
            Kind.CURVES: "leave it out: curves.scale says how errors are counted",
            Kind.RUNS: "leave it out: curves.scale says how errors are counted",
        },
    ),
}
"""By option; one that is not here belongs to no kind."""
BOUNDED: Final = (*_TABLES, Kind.CURVES, Kind.MOTION)
"""The kinds whose ansatz keeps free constants within bounds."""
_NOWHERE: Final = Use(())


def uses(observations: Observations, option: str) -> bool:
    """Return whether a discovery from these observations uses an option, by its name in `Options`."""
    return Kind.of(observations) in USES.get(option, _NOWHERE).kinds


def check(observations: Observations, options: Options) -> None:
    """Raise InvalidInputError with every option that is given and not for this kind of observations."""
    if violations := list(_violations(Kind.of(observations), options)):
        raise InvalidInputError(violations)


def _violations(kind: Kind, options: Options) -> Iterator[Violation]:
    for name in options.given:
        use = USES.get(name, _NOWHERE)
        # Every kind can do without an engine.
        if kind not in use.kinds and getattr(options, name) is not Engine.NONE:
            text = f"{_shown(getattr(options, name))}, which is not for {kind}; {use.advice(kind)}"
            yield Violation(f"options.{name.removesuffix('_seconds')}", text)
    for i, parameter in enumerate(options.parameters):
        bounded = math.isfinite(parameter.lower) or math.isfinite(parameter.upper)
        if bounded and kind not in BOUNDED and kind in USES["parameters"].kinds:
            text = f"bounds {parameter.name!r}, and bounds are not for {kind}; give a start alone"
            yield Violation(f"options.parameters[{i}]", text)


def _shown(value: object) -> str:
    if isinstance(value, StrEnum):
        return f"is {value}"
    return f"is {value[:80]!r}" if isinstance(value, str) else "is given"


__all__ = ["BOUNDED", "USES", "Kind", "Use", "check", "uses"]
