"""The wall clock of a search, and every other reason to stop it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _never() -> bool:
    return False


def _now() -> float:
    return time.monotonic()


@dataclass
class Budget:
    """`seconds` of wall clock from now, and at most `pieces` of work; `stop_requested` is asked as well.

    A searcher asks `spent` before each piece of work, of at most some tens of milliseconds, and returns when it is
    true. Caps by pieces are counted, so that the same problem is searched equally far on every machine; the clock is
    the last resort.
    """

    seconds: float
    stop_requested: Callable[[], bool] = _never
    pieces: float = math.inf
    started: float = field(default_factory=_now)
    _asked: int = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def remaining(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def asked(self) -> int:
        """How many pieces of work were asked for."""
        return self._asked

    @property
    def spent(self) -> bool:
        """Whether to stop; each time it is asked counts as one piece of work."""
        self._asked += 1
        return self._asked > self.pieces or self.elapsed >= self.seconds or self.stop_requested()

    def part(
        self, seconds: float = math.inf, also_stop: Callable[[], bool] = _never, pieces: float = math.inf
    ) -> Budget:
        """Return a budget within this one: at most `seconds` from now and `pieces` of work, and no more than this one
        has."""
        return Budget(min(seconds, self.remaining), lambda: also_stop() or self.spent, pieces)
