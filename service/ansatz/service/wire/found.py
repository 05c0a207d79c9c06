"""From messages of what a job found back to what discovery takes. All functions raise InvalidInputError."""

from __future__ import annotations

import math

from ansatz.discovery import (
    Candidate,
    ChosenLaw,
    Constant,
    GroupValue,
    InvalidInputError,
    Origin,
    Scores,
    Table,
    Violation,
)
from ansatz.v1 import job_pb2, report_pb2


def candidates_from_proto(front: job_pb2.Front, table: Table) -> list[Candidate]:
    """Return the formulas of a front with their ranks and description lengths. Raises where a formula is not in terms
    of the table's inputs."""
    sent = [c for c in front.candidates if c.scores.HasField("description_length")]
    formulas = table.names.parse_all([c.formula for c in sent], "candidates")
    return [
        Candidate(
            rank=candidate.rank,
            formula=formula,
            constants=constants_from_proto(candidate),
            scores=Scores(math.nan, math.nan, math.nan, candidate.scores.description_length, math.nan),
            on_pareto_front=candidate.on_pareto_front,
            origin=Origin.named(candidate.found_by),
        )
        for candidate, formula in zip(sent, formulas, strict=True)
    ]


def constants_from_proto(candidate: report_pb2.Candidate) -> tuple[Constant, ...]:
    """Return the constants of a candidate, in order of appearance, with their values in groups where they differ."""
    return tuple(
        Constant(
            value=constant.value,
            parameter=constant.parameter,
            per_group={label: GroupValue(found.value, None) for label, found in constant.per_group.items()},
        )
        for constant in candidate.constants
    )


def law_of_rank(report: report_pb2.Report, rank: int) -> ChosenLaw:
    """Return the law of a rank, 0 for the best. Raises where there is none."""
    wanted = rank or 1
    for candidate in report.candidates:
        if candidate.rank == wanted:
            until = report.curves.warm_up_until if report.curves.HasField("warm_up_until") else None
            return ChosenLaw(candidate.law.name, dict(candidate.law.columns), candidate.formula, until)
    raise InvalidInputError([Violation("rank", f"is {wanted}; the job found {len(report.candidates)} laws")])
