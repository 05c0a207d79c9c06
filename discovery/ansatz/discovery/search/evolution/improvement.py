"""Which members of an engine's front are worth proposing again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class _Worth:
    """Say what is worth a fit by the archive. Chosen by judgement.

    Attributes:
        error: of the least error proposed at no greater size that another must stay below.
    """

    error: float = 0.95


_WORTH: Final = _Worth()


class Improvements:
    """Remember the smallest error proposed at each size."""

    def __init__(self) -> None:
        self._lowest: dict[int, float] = {}

    def improves(self, size: int, error: float) -> bool:
        """Tell whether nothing as small was proposed with nearly this error; if so it counts as proposed."""
        if any(lowest * _WORTH.error <= error for other, lowest in self._lowest.items() if other <= size):
            return False
        self._lowest[size] = error
        return True
