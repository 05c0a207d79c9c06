"""Telling a listener of a search while it runs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ansatz.discovery.report.emitted import emitted
from ansatz.discovery.report.report import Candidate, Progress

_QUIET_SECONDS = 0.1


class Listener(Protocol):
    """Hears of a search while it runs, on the thread that runs it."""

    def progress(self, progress: Progress) -> None:
        """Return about ten times a second at most."""

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        """Return the candidates so far, by rank, each time a better one is found; at most about ten times a second."""


class Silent:
    """A listener that does not listen."""

    def progress(self, progress: Progress) -> None:
        pass

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        pass


@dataclass(frozen=True, eq=False)
class InPart:
    """A listener to part `i` of `parts` equal ones."""

    listener: Listener
    i: int
    parts: int

    def progress(self, progress: Progress) -> None:
        self.listener.progress(replace(progress, fraction=(self.i + progress.fraction) / self.parts))

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        self.listener.front(candidates)


class Teller:
    """Tell a listener of a search of `seconds` of wall clock from now, not too often."""

    def __init__(self, listener: Listener, seconds: float) -> None:
        self.listener = listener
        self.first_candidate = math.nan
        self._started = time.monotonic()
        self._seconds = seconds
        self.at = "prepare"
        """The stage under way."""
        self._last_progress = -math.inf
        self._last_front = -math.inf

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def stage(self, name: str) -> None:
        """Return a stage begins."""
        self.at = name
        self.progress()

    def better(self, front: Callable[[], tuple[Candidate, ...]]) -> None:
        """Return a better candidate was found; `front` makes the candidates so far."""
        elapsed = self.elapsed
        if math.isnan(self.first_candidate):
            self.first_candidate = elapsed
        if elapsed - self._last_front >= _QUIET_SECONDS:
            self._last_front = elapsed
            self.listener.front(emitted(front()))
        self.progress()

    def show(self, front: tuple[Candidate, ...]) -> None:
        """Return the candidates so far, however long it is since the last."""
        if front and math.isnan(self.first_candidate):
            self.first_candidate = self.elapsed
        self.listener.front(emitted(front))

    def progress(self) -> None:
        """Return the stage goes on."""
        elapsed = self.elapsed
        if elapsed - self._last_progress >= _QUIET_SECONDS:
            self._last_progress = elapsed
            self.listener.progress(Progress(min(elapsed / self._seconds, 1.0), self.at, elapsed))
