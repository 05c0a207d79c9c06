"""From observations to a report: prepare, search, refine, judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ansatz.discovery.observations import Table
from ansatz.discovery.options import Options
from ansatz.discovery.report import Candidate, Progress, Report, ResidualVerdict, Warning


class Listener(Protocol):
    """Hears of a search while it runs, on the thread that runs it."""

    def progress(self, progress: Progress) -> None:
        """About ten times a second at most."""

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        """The candidates so far, by rank, each time a better one is found; at most about ten times a second."""


class Silent:
    """A listener that does not listen."""

    def progress(self, progress: Progress) -> None:
        pass

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        pass


@dataclass(frozen=True)
class Evaluation:
    """A caller's formula on a caller's data: its scores and constants (rank 0), what its residual looks like, warnings,
    and name in formulas to the caller's column name, where they differ."""

    candidate: Candidate
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


def validate(table: Table, options: Options) -> None:
    """Check what `table` and `options` cannot check alone: the ansatz against the columns, the engine.

    Takes milliseconds; imports neither scipy nor sympy nor an engine. Raises InvalidInputError, or EngineNotReadyError
    where the engine asked for cannot run here.
    """
    raise RuntimeError("under construction")


def discover(
    table: Table,
    options: Options,
    listener: Listener | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Report:
    """Ranked formulas for the table's target, with the evidence for each.

    Runs on the calling thread and keeps `options.budget_seconds` of wall clock; once `stop_requested()` is true it
    returns what was found until then within a fraction of a second. Raises as `validate` does.
    """
    raise RuntimeError("under construction")


def evaluate_formula(table: Table, formula: str, refit: bool) -> Evaluation:
    """Scores of the caller's own formula; with `refit`, its numbers that are no integers are fitted first.

    Raises InvalidInputError where the formula is not of the grammar or uses what is no input.
    """
    raise RuntimeError("under construction")
