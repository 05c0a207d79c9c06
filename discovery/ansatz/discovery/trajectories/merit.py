"""What a step of multiple shooting is worth: less residual, or smaller gaps between intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class _Worth:
    """Say which steps are worth it. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        penalty: of the gaps between intervals over the residual, both in squares of the noise.
        closes: share of the gaps that a step may leave to be one that closes them.
        dearer: residual over the merit before, up to which closing is worth it.
        relative: growth of the merit that is rounding.
        absolute: the same of a merit of about 0.
    """

    penalty: float = 1e3
    closes: float = 0.5
    dearer: float = 100.0
    relative: float = 1e-9
    absolute: float = 1e-12


_WORTH: Final = _Worth()


@dataclass(frozen=True)
class Merit:
    """Squares of the residual and of the gaps between intervals, in units of the noise."""

    residual: float
    gap: float

    @property
    def total(self) -> float:
        """Return what a step is to lessen."""
        return self.residual + _WORTH.penalty * self.gap

    def improves(self, before: Merit) -> bool:
        """Return whether a step to here is worth it: closing the gaps may cost residual."""
        closes = self.gap < _WORTH.closes * before.gap and self.residual < _WORTH.dearer * before.total
        return closes or self.total <= before.total * (1 + _WORTH.relative) + _WORTH.absolute
