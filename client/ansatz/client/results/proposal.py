"""Experiments that tell the formulas of a job apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.results.warning import Warning


@dataclass(frozen=True)
class Rival:
    """A formula of a job's front: its rank there, and its probability before the experiments, by description length.

    A formula that fits as well as the best, and is only longer, keeps odds of one to a thousand.
    """

    rank: int
    formula: str
    weight: float


@dataclass(frozen=True)
class Experiment:
    """One experiment to make.

    Attributes:
        inputs: column -> value to set
        predictions: of each rival, in the target's unit; None where it is not defined
        first_rank, second_rank: of the two rivals that it helps most to tell apart
        separation: how far these lie apart once this experiment and those before it are made; in standard deviations of
            what noise, unsettled constants and a tenth of the difference itself leave open
        group: of grouped data, the label of the group to make it in; else empty
    """

    inputs: Mapping[str, float]
    predictions: tuple[float | None, ...]
    first_rank: int
    second_rank: int
    separation: float
    group: str = ""


@dataclass(frozen=True)
class Proposal:
    """Experiments that tell formulas apart.

    Attributes:
        experiments: in the order in which to make them, each taking into account what those before it will tell
        rivals: the formulas
        noise_std: standard deviation of the noise assumed, in the target's unit or, where `noise_is_relative`, over its
            size
        noise_is_relative: whether noise grows with the target
        warnings: what a reader must know
    """

    experiments: tuple[Experiment, ...]
    rivals: tuple[Rival, ...]
    noise_std: float
    noise_is_relative: bool
    warnings: tuple[Warning, ...]
