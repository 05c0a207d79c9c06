"""Which members of an engine's front are worth proposing again."""

from __future__ import annotations

from typing import Final

_WORTH: Final = 0.95


class Improvements:
    """Remembers the smallest error proposed at each size."""

    def __init__(self) -> None:
        self._lowest: dict[int, float] = {}

    def improves(self, size: int, error: float) -> bool:
        """Whether nothing as small was proposed with nearly this error (within 5 %); if so it counts as proposed."""
        if any(lowest * _WORTH <= error for other, lowest in self._lowest.items() if other <= size):
            return False
        self._lowest[size] = error
        return True
