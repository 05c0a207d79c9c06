"""A job's progress on standard error: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ansatz.client.cli.printing.failures import say
from ansatz.client.cli.views.candidates import law_lines
from ansatz.client.cli.views.text import number
from ansatz.client.results.candidate import Candidate
from ansatz.client.results.job import JobEvent


class Listener(Protocol):
    def hear(self, event: JobEvent) -> None:
        """Show what happened."""


@contextmanager
def shown_progress() -> Iterator[Listener]:
    """Show the events that are given, for as long as the context lasts."""
    console = Console(stderr=True)
    if sys.stderr.isatty() and console.is_terminal and not console.is_dumb_terminal:
        bar = LiveBar()
        with Live(bar, console=console, transient=True, refresh_per_second=10):
            yield bar
    else:
        yield Lines()


class Lines:
    """A line for each new state, stage and best formula."""

    def __init__(self) -> None:
        self._stage = self._best = ""
        self._seconds = 0.0

    def hear(self, event: JobEvent) -> None:
        if event.state:
            say(f"job {event.state.lower()}")
        elif event.progress:
            self._seconds = event.progress.elapsed_seconds
            if event.progress.stage != self._stage:
                self._stage = event.progress.stage
                say(f"{self._seconds:6.1f} s  {self._stage}")
        elif event.front and (best := _summary(event.front[0])) != self._best:
            self._best = best
            say(f"{self._seconds:6.1f} s  best so far: {best}")


class LiveBar:
    """The share of the budget spent, and the best formula so far."""

    def __init__(self) -> None:
        self._progress = Progress(BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._task = self._progress.add_task("waiting for a worker", total=1.0)
        self._best = Text("")

    def hear(self, event: JobEvent) -> None:
        if event.progress:
            self._progress.update(self._task, completed=event.progress.fraction, description=event.progress.stage)
        elif event.front:
            self._best = Text(f"best so far: {_summary(event.front[0])}", no_wrap=True, overflow="ellipsis")

    def __rich__(self) -> Group:
        return Group(self._progress, self._best)


def _summary(candidate: Candidate) -> str:
    return f"{'; '.join(law_lines(candidate))}  (relative error {number(candidate.scores.relative_error)})"
