"""Experiments that tell the formulas of a job apart: the request, and the answer as frozen dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.encode.requests import job_name, uint32
from ansatz.client.results.comparison import box_message
from ansatz.client.results.report import Warning
from ansatz.v1 import discovery_service_pb2, experiments_pb2


@dataclass(frozen=True)
class Rival:
    """A formula of a job's front: its rank there, and its probability, before the experiments, by description length. A
    formula that fits as well as the best, and is only longer, keeps odds of one to a thousand."""

    rank: int
    formula: str
    weight: float


@dataclass(frozen=True)
class Experiment:
    """One experiment to make.

    `inputs` are by column names; `predictions` are those of each rival, in the target's unit, None where it is not
    defined; the ranks are those of the two rivals that it helps most to tell apart; `separation` is how far these lie
    apart once this experiment and those before it are made, in standard deviations of what noise, unsettled constants
    and a tenth of the difference itself leave open.
    """

    inputs: Mapping[str, float]
    predictions: tuple[float | None, ...]
    first_rank: int
    second_rank: int
    separation: float


@dataclass(frozen=True)
class Proposal:
    """Experiments in the order in which to make them, each taking into account what those before it will tell.

    `noise_std` is the standard deviation of the noise assumed, in the target's unit or, where `noise_is_relative`, over
    its size.
    """

    experiments: tuple[Experiment, ...]
    rivals: tuple[Rival, ...]
    noise_std: float
    noise_is_relative: bool
    warnings: tuple[Warning, ...]


def request(
    job_id: str, box: Mapping[str, tuple[float, float]] | None, n: int, seed: int
) -> discovery_service_pb2.ProposeExperimentsRequest:
    return discovery_service_pb2.ProposeExperimentsRequest(
        job=job_name(job_id), box=box_message(box), n=uint32(n, "n", least=1), seed=uint32(seed, "seed")
    )


def proposal(message: experiments_pb2.Proposal) -> Proposal:
    return Proposal(
        experiments=tuple(map(_experiment, message.experiments)),
        rivals=tuple(Rival(r.rank, r.formula, r.weight) for r in message.rivals),
        noise_std=message.noise_std,
        noise_is_relative=message.noise_is_relative,
        warnings=tuple(Warning(w.code, w.message) for w in message.warnings),
    )


def _experiment(message: experiments_pb2.Experiment) -> Experiment:
    return Experiment(
        inputs={name: message.inputs[name] for name in sorted(message.inputs)},
        predictions=tuple(value if math.isfinite(value) else None for value in message.predictions),
        first_rank=message.first_rank,
        second_rank=message.second_rank,
        separation=message.separation,
    )
