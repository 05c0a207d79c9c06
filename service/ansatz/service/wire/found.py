"""From messages of what a job found back to what discovery takes. All functions raise InvalidInputError."""

from __future__ import annotations

import math

from ansatz.discovery import Candidate, ChosenLaw, InvalidInputError, Origin, Scores, Table, Violation
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
            constants=(),
            scores=Scores(math.nan, math.nan, math.nan, candidate.scores.description_length, math.nan),
            on_pareto_front=candidate.on_pareto_front,
            origin=Origin.named(candidate.found_by),
        )
        for candidate, formula in zip(sent, formulas, strict=True)
    ]


def law_of_rank(report: report_pb2.Report, rank: int) -> ChosenLaw:
    """Return the law of a rank, 0 for the best. Raises where there is none."""
    wanted = rank or 1
    for candidate in report.candidates:
        if candidate.rank == wanted:
            until = report.curves.warm_up_until if report.curves.HasField("warm_up_until") else None
            return ChosenLaw(candidate.law.name, dict(candidate.law.columns), candidate.formula, until)
    raise InvalidInputError([Violation("rank", f"is {wanted}; the job found {len(report.candidates)} laws")])
