"""The wall clock of a search, and every other reason to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _never() -> bool:
    return False


@dataclass
class Budget:
    """`seconds` of wall clock from now; `stop_requested` is asked as well.

    A searcher asks `spent` between pieces of work of at most some tens of milliseconds, and returns when it is true.
    """

    seconds: float
    stop_requested: Callable[[], bool] = _never
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def remaining(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def spent(self) -> bool:
        return self.elapsed >= self.seconds or self.stop_requested()

    def part(self, seconds: float, also_stop: Callable[[], bool] = _never) -> Budget:
        """A budget within this one: at most `seconds` from now, and no later than this one ends."""
        return Budget(min(seconds, self.remaining), lambda: also_stop() or self.stop_requested())
