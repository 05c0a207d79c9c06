"""From messages to problems: observations, and options of a search. All functions raise InvalidInputError."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansatz.discovery import Curves, InvalidInputError, Observations, Options, Table, Violation
from ansatz.service.wire.observations import observations_from_proto
from ansatz.service.wire.options import options_from_proto
from ansatz.v1 import problem_pb2

T = TypeVar("T")


def problem_from_proto(problem: problem_pb2.Problem) -> tuple[Observations, Options]:
    """Return the observations and options of a problem. Raises with the violations of both."""
    violations: list[Violation] = []
    observations = _collected(lambda: observations_from_proto(problem), violations)
    options = _collected(lambda: options_from_proto(problem.options), violations)
    if observations is None or options is None:
        raise InvalidInputError(violations)
    return observations, options


def table_of(problem: problem_pb2.Problem) -> Table:
    """Return the table of a problem. Raises where its observations are none."""
    observations, _ = problem_from_proto(problem)
    if not isinstance(observations, Table):
        raise InvalidInputError([Violation("job", "has no table; experiments are proposed for jobs on tables")])
    return observations


def curves_of(problem: problem_pb2.Problem) -> tuple[Curves, Options]:
    """Return the curves and options of a problem. Raises where it has no curves, or they have no law in common."""
    observations, options = problem_from_proto(problem)
    if not isinstance(observations, Curves):
        raise InvalidInputError([Violation("name", "is a job on a table; predictions are for jobs on curves")])
    if observations.per_run:
        text = "is a job whose constants are by run; predictions need one law: make a job without per_run"
        raise InvalidInputError([Violation("name", text)])
    return observations, options


def _collected(make: Callable[[], T], violations: list[Violation]) -> T | None:
    try:
        return make()
    except InvalidInputError as error:
        violations.extend(error.violations)
        return None
