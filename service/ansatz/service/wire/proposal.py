"""Proposals of experiments, between the wire and types of discovery: pure functions."""

from __future__ import annotations

import math

from ansatz.discovery import Candidate, Proposal, Scores, Table
from ansatz.discovery.expression import to_text
from ansatz.v1 import experiments_pb2, job_pb2, report_pb2


def candidates_from_proto(front: job_pb2.Front, table: Table) -> list[Candidate]:
    """The formulas of a front with their ranks and description lengths. Raises InvalidInputError where a formula is not
    in terms of the table's inputs."""
    sent = [c for c in front.candidates if c.scores.HasField("description_length")]
    formulas = table.names.parse_all([c.formula for c in sent], "candidates")
    return [
        Candidate(
            rank=candidate.rank,
            formula=formula,
            constants=(),
            scores=Scores(math.nan, math.nan, math.nan, candidate.scores.description_length, math.nan),
            on_pareto_front=candidate.on_pareto_front,
            found_by=candidate.found_by,
        )
        for candidate, formula in zip(sent, formulas, strict=True)
    ]


def proposal_to_proto(proposal: Proposal) -> experiments_pb2.Proposal:
    return experiments_pb2.Proposal(
        experiments=[
            experiments_pb2.Experiment(
                inputs=e.inputs,
                predictions=e.predictions,
                first_rank=e.first_rank,
                second_rank=e.second_rank,
                separation=e.separation,
            )
            for e in proposal.experiments
        ],
        rivals=[
            experiments_pb2.Rival(rank=r.rank, formula=to_text(r.formula), weight=r.weight) for r in proposal.rivals
        ],
        noise_std=proposal.noise_std,
        noise_is_relative=proposal.noise_is_relative,
        warnings=[report_pb2.Warning(code=w.code, message=w.message) for w in proposal.warnings],
    )
