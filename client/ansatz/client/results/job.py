"""Jobs and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansatz.client.results.candidate import Candidate
from ansatz.client.results.options import SearchOptions
from ansatz.client.results.report import Report
from ansatz.client.results.state import JobState


@dataclass(frozen=True)
class DataSummary:
    """The size of a job's data."""

    rows: int
    inputs: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class JobError:
    """Why a job failed; `reason` is machine-readable."""

    reason: str
    message: str


@dataclass(frozen=True)
class Job:
    """One discovery.

    Attributes:
        id: unique on its server
        state: where it stands
        create_time, start_time, end_time: in UTC; the start is that of the latest attempt
        data: the size of its data
        options: what it searches with
        report: the result once the state is final, the best so far before; None in lists
        error: why it failed
        attempts: how often a worker took it
        last_sequence: that of its newest event
    """

    id: str
    state: JobState
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    data: DataSummary
    options: SearchOptions
    report: Report | None
    error: JobError | None
    attempts: int
    last_sequence: int


@dataclass(frozen=True)
class Progress:
    """`fraction` of the budget spent, in [0, 1]; the `stage` under way; seconds since the worker began."""

    fraction: float
    stage: str
    elapsed_seconds: float


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job: exactly one of `state`, `progress` and `front` is set.

    Attributes:
        sequence: counts 1, 2, 3, … within a job
        time: in UTC
        state: the job's new state
        progress: how far the search is
        front: a better front: all candidates so far, by rank
    """

    sequence: int
    time: datetime
    state: JobState | None = None
    progress: Progress | None = None
    front: tuple[Candidate, ...] | None = None
