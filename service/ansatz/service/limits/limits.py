"""What a request may not exceed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansatz.discovery.asked.options import DEFAULT_BUDGET_SECONDS, MAX_BUDGET_SECONDS, MAX_COMPLEXITY
from ansatz.discovery.errors import Violation
from ansatz.discovery.expression.grammar import MAX_LENGTH
from ansatz.service.limits import sizes
from ansatz.service.settings import MIB, Settings
from ansatz.v1 import comparison_pb2, observations_pb2, problem_pb2
from ansatz.v1 import discovery_service_pb2 as service_pb2

MAX_WAIT_SECONDS = 60.0
MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 50
MAX_REQUEST_ID_LENGTH = 128
MAX_NAME_LENGTH = 256
EVALUATION_SECONDS = 60.0
MAX_WAITING_EVALUATIONS = 1000
READING_SECONDS = 60.0
MAX_ATTEMPTS = 2
MAX_UPLOADS_PER_CALLER = 8
UPLOAD_PAUSE_SECONDS = 60.0
UPLOAD_KEPT_SECONDS = 3600.0
_MIN_OVERRUN_SECONDS, _OVERRUN_SHARE, _MAX_OVERRUN_SECONDS = 0.4, 0.05, 2.0


def hard_limit(budget_seconds: float) -> float:
    """Seconds after which a search that has not ended by itself is ended: 5.4 for a budget of 5."""
    overrun = min(_OVERRUN_SHARE * budget_seconds, _MAX_OVERRUN_SECONDS)
    return budget_seconds + max(_MIN_OVERRUN_SECONDS, overrun)


@dataclass(frozen=True)
class Limits:
    """Limits that the settings choose; those that never change are constants of this module."""

    max_rows: int
    max_columns: int
    max_message_bytes: int
    max_upload_bytes: int
    max_queued_jobs: int
    max_jobs_per_caller: int
    max_watchers: int
    worker_memory_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            max_rows=settings.max_rows,
            max_columns=settings.max_columns,
            max_message_bytes=settings.max_message_mib * MIB,
            max_upload_bytes=settings.max_upload_mib * MIB,
            max_queued_jobs=settings.max_queued_jobs,
            max_jobs_per_caller=settings.max_jobs_per_caller,
            max_watchers=settings.max_watchers,
            worker_memory_bytes=settings.worker_memory_bytes,
        )

    def problem_violations(self, problem: problem_pb2.Problem) -> list[Violation]:
        """What is too large, before any value is read."""
        found = list(sizes.violations(problem, "", self.max_columns, MAX_NAME_LENGTH))
        match problem.WhichOneof("observations"):
            case "curves":
                found += self._column_violations(problem.curves.columns, "curves")
                found += self._label_violations(problem.curves.runs, "curves.runs")
            case "trajectories":
                found += self._column_violations(problem.trajectories.columns, "trajectories")
                found += self._label_violations(problem.trajectories.runs, "trajectories.runs")
                found += self._label_violations(problem.trajectories.held_out, "trajectories.held_out")
            case _:
                found += self._column_violations(problem.table.columns, "table")
        return found

    def table_violations(self, table: observations_pb2.Table) -> list[Violation]:
        """What is too large, before any value is read."""
        found = list(sizes.violations(table, "table", self.max_columns, MAX_NAME_LENGTH))
        return [*found, *self._column_violations(table.columns, "table")]

    def _column_violations(self, columns: Sequence[observations_pb2.Column], kind: str) -> Iterable[Violation]:
        return sizes.column_violations(columns, f"{kind}.columns", self.max_columns, MAX_NAME_LENGTH, self.max_rows)

    def _label_violations(self, labels: Sequence[str], path: str) -> Iterable[Violation]:
        return sizes.label_violations(labels, path, MAX_NAME_LENGTH, self.max_rows)

    def box_violations(self, box: Mapping[str, comparison_pb2.Interval]) -> list[Violation]:
        if len(box) > self.max_columns:
            return [Violation("box", f"holds {len(box)} inputs; give at most {self.max_columns}")]
        if (longest := max(map(len, box), default=0)) > MAX_NAME_LENGTH:
            return [Violation("box", f"has a name of {longest} characters; give at most {MAX_NAME_LENGTH}")]
        return []

    def to_proto(self) -> service_pb2.Limits:
        limits = service_pb2.Limits(
            max_rows=self.max_rows,
            max_columns=self.max_columns,
            max_message_bytes=self.max_message_bytes,
            max_upload_bytes=self.max_upload_bytes,
            max_uploads_per_caller=MAX_UPLOADS_PER_CALLER,
            max_queued_jobs=self.max_queued_jobs,
            max_jobs_per_caller=self.max_jobs_per_caller,
            max_watchers=self.max_watchers,
            worker_memory_bytes=self.worker_memory_bytes,
            max_formula_length=MAX_LENGTH,
            max_complexity=MAX_COMPLEXITY,
        )
        limits.default_budget.FromMilliseconds(round(DEFAULT_BUDGET_SECONDS * 1000))
        limits.max_budget.FromMilliseconds(round(MAX_BUDGET_SECONDS * 1000))
        limits.max_wait.FromMilliseconds(round(MAX_WAIT_SECONDS * 1000))
        return limits
