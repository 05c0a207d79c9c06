"""A formula and the evidence for it. None stands for what is not finite, not defined or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ansatz.client.results.curves import Law
from ansatz.client.results.motion import Motion


class Consistency(StrEnum):
    """How the dimensions of a formula stand by the units given: right with all numbers dimensionless; right only if
    numbers that are no integers carry dimensions; wrong."""

    CONSISTENT = "consistent"
    DIMENSIONAL_CONSTANTS = "dimensional_constants"
    INCONSISTENT = "inconsistent"


@dataclass(frozen=True)
class Constant:
    """A number of a formula that is no integer, or a free constant of your ansatz.

    Attributes:
        value: in the constant's own unit; the median over the groups where it differs from group to group
        std_error: in the same unit; None where the data do not determine it
        lower, upper: limits of the 95 % interval; None where `std_error` is
        name: what the value is called where a short name ("3/2", "pi") lies within its error
        parameter: the free constant of your ansatz that it is
        per_group: label of the group -> what the constant is there; None where all groups share it
        per_group_errors: label of the group -> standard error there; None where all groups share it
    """

    value: float
    std_error: float | None
    lower: float | None
    upper: float | None
    name: str | None
    parameter: str | None
    per_group: Mapping[str, float] | None
    per_group_errors: Mapping[str, float | None] | None


@dataclass(frozen=True)
class Scores:
    """Errors of a formula on the caller's rows, in float64.

    Attributes:
        rmse: root of the (weighted) mean squared error, in the target's unit
        r2: coefficient of determination, at most 1
        relative_error: `rmse` over the root of the mean square of the target
        description_length: of formula, constants and residual, in bits
        extrapolation_rmse: on the outermost fifth of the rows, constants fitted on the others, in the target's unit
    """

    rmse: float | None
    r2: float | None
    relative_error: float | None
    description_length: float | None
    extrapolation_rmse: float | None


@dataclass(frozen=True)
class Candidate:
    """A formula and the evidence for it; or a system of differential equations, whose `formula` is empty.

    Attributes:
        rank: 1 is the best; 0: not ranked
        formula: Python operators and the documented functions
        latex: the same for print
        python: one Python expression in which `np` is numpy; of a system, a dict by state
        complexity: nodes of the tree
        constants: in order of appearance
        scores: errors on the caller's rows
        on_pareto_front: no simpler formula of the list is as accurate
        found_by: the searcher that found it
        correlations: of the estimates of the k constants, shape (k, k); empty for k < 2
        parts: name of an unknown part of your ansatz -> its formula
        dimensions: how they stand; None where no column has a unit
        equations: of a system, state -> right-hand side
        motion: of a system, what its trajectories show
        law: of curves, which law it is
    """

    rank: int
    formula: str
    latex: str
    python: str
    complexity: int
    constants: tuple[Constant, ...]
    scores: Scores
    on_pareto_front: bool
    found_by: str
    correlations: tuple[tuple[float | None, ...], ...]
    parts: Mapping[str, str]
    dimensions: Consistency | None
    equations: Mapping[str, str]
    motion: Motion | None
    law: Law | None = None
