"""Where a formula comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Role(Enum):
    """Tell sources of formulas apart where judging must."""

    SEARCHED = auto()
    """A searcher or an engine proposed it."""
    BASELINE = auto()
    """It is there whatever happens: a constant, or a straight line."""
    GIVEN = auto()
    """It is the caller's own formula, its constants fitted."""
    PRUNED = auto()
    """It is the caller's own formula without what did not pay: a case of it."""
    GROWN = auto()
    """It is the caller's own formula, joined with what that missed."""
    STARTED = auto()
    """The caller gave it to be tried first."""
    CATALOGUE = auto()
    """It is a law of the catalogue of curves."""


@dataclass(frozen=True)
class Origin:
    """Say who proposed a formula: `name` is what a report shows, for example ``structured.power_law``."""

    name: str
    role: Role = Role.SEARCHED

    @classmethod
    def named(cls, name: str) -> Origin:
        """Return the origin that a report shows by this name."""
        return _KNOWN.get(name, cls(name))

    @classmethod
    def joined(cls, origins: Iterable[Origin]) -> Origin:
        """Return the origin of a system whose equations come from these: theirs, where it is one."""
        distinct = list(dict.fromkeys(origins))
        return distinct[0] if len(distinct) == 1 else cls(", ".join(dict.fromkeys(o.name for o in distinct)))

    @property
    def of_caller(self) -> bool:
        """Whether the caller believed it before, or it grew from what the caller believed."""
        return self.role in (Role.GIVEN, Role.PRUNED, Role.GROWN)

    @property
    def is_given(self) -> bool:
        """Whether it is the caller's own formula as it was given."""
        return self.role is Role.GIVEN

    def most_nodes(self, searched: int, own: int) -> float:
        """Return how many nodes a formula from here may have, where a search is bounded by `searched`.

        What is given has none, and what grew from the caller's own formula of `own` nodes may have as many beside it.
        """
        if self.role in (Role.GIVEN, Role.STARTED):
            return math.inf
        return searched + own if self.of_caller else searched


BASELINE = Origin("baseline", Role.BASELINE)
GIVEN = Origin("ansatz", Role.GIVEN)
GROWN = Origin("residual", Role.GROWN)
PRUNED = Origin("ansatz, pruned", Role.PRUNED)
"""The caller's own formula without what did not pay."""
START = Origin("start", Role.STARTED)
"""A formula to try first, such as one of an earlier search."""
PARTS = Origin("parts")
STOCHASTIC = Origin("stochastic")
_KNOWN = {origin.name: origin for origin in (BASELINE, GIVEN, GROWN, PRUNED, START, PARTS, STOCHASTIC)}


def of_catalogue(law: str) -> Origin:
    """Return the origin of a law of the catalogue of curves, by its name there."""
    return Origin(f"families.{law}", Role.CATALOGUE)
