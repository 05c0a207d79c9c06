"""What a caller may say of the free constants of an ansatz, and of how it is fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ansatz.discovery.errors import Violation
from ansatz.discovery.expression.grammar import is_name

MAX_PARAMETERS: Final = 20


class Loss(StrEnum):
    """What the fit of an ansatz minimises.

    SQUARED: squared errors. HUBER: squared errors near, absolute errors far off (Huber 1964), so that outliers count
    little; the border is 1.345 standard deviations of the residual's middle, estimated from the data. LOG_HUBER: the
    same on the logarithm of a target of one sign.
    """

    SQUARED = "squared"
    HUBER = "huber"
    LOG_HUBER = "log-huber"

    @classmethod
    def _missing_(cls, value: object) -> Loss | None:
        """Read the spelling of earlier versions."""
        return cls.LOG_HUBER if value == "log_huber" else None


@dataclass(frozen=True)
class Parameter:
    """A free constant of an ansatz, by its name there.

    `start` is where its fit starts (None: wherever the fit finds best), `lower` and `upper` bound it, in the
    constant's own unit; without them it may have any value.
    """

    name: str
    start: float | None = None
    lower: float = -math.inf
    upper: float = math.inf

    def __str__(self) -> str:
        start = "" if self.start is None else f"={self.start!r}"
        return f"{self.name}{start} in {self.lower!r}:{self.upper!r}"

    def violations(self, field: str) -> Iterator[Violation]:
        """Yield what is wrong with it."""
        if not is_name(self.name):
            yield Violation(f"{field}.name", f"{self.name[:80]!r} is no name; give one such as 'a' or 'k_1'")
        if math.isnan(self.lower) or math.isnan(self.upper):
            yield Violation(field, f"{self.name!r} has the bounds {self.lower:g} to {self.upper:g}; give numbers")
        elif self.lower >= self.upper:
            yield Violation(
                field, f"{self.name!r} has the bounds {self.lower:g} to {self.upper:g}; the lower must be the smaller"
            )
        if self.start is None:
            return
        if not math.isfinite(self.start):
            yield Violation(f"{field}.start", f"{self.name!r} starts at {self.start:g}; give a finite number")
        elif not self.lower <= self.start <= self.upper and self.lower < self.upper:
            yield Violation(
                f"{field}.start",
                f"{self.name!r} starts at {self.start:g}, outside its bounds {self.lower:g} to {self.upper:g}",
            )


def violations(parameters: Sequence[Parameter], field: str) -> Iterator[Violation]:
    """Yield what is wrong with each of them, and with all together."""
    seen: set[str] = set()
    for i, parameter in enumerate(parameters):
        yield from parameter.violations(f"{field}[{i}]")
        if parameter.name in seen:
            yield Violation(f"{field}[{i}].name", f"{parameter.name[:80]!r} is named more than once; name it once")
        seen.add(parameter.name)
