"""What a server answers on curves. None stands for what is not finite, not defined or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.results.estimate import Estimate


@dataclass(frozen=True)
class LawConstant:
    """A published constant of a law.

    Attributes:
        name: as published
        value: in its own unit
        std_error: in the same unit
        lower, upper: limits of the 95 % interval
    """

    name: str
    value: float
    std_error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Law:
    """Which law of curves a candidate is.

    Attributes:
        name: in the catalogue (docs/curves.md), "free" or "ansatz"
        title: for print
        formula: the published form in terms of columns
        source: where it comes from
        implicit: the law holds its own value: the candidate's formula is the right side of target = formula, to be
            solved for it
        columns: variable of the published form -> column
        constants: by their published names
        held_out_error: on the rows held out, relative on the log scale
        per_run: run -> its constants, where each run has its own
    """

    name: str
    title: str
    formula: str
    source: str
    implicit: bool
    columns: Mapping[str, str]
    constants: tuple[LawConstant, ...]
    held_out_error: float | None
    per_run: Mapping[str, tuple[LawConstant, ...]]


@dataclass(frozen=True)
class Worsening:
    """A run that gets worse late: where its best value is, that value, and its last one."""

    run: str | None
    best_at: float
    best: float
    last: float


@dataclass(frozen=True)
class Measurement:
    """To tell rank 1 from a rival, measure at this value of a column or more; None: not within a million times."""

    rival: str
    column: str
    value: float | None


@dataclass(frozen=True)
class EmergenceVerdict:
    """How shares of successes y bend in log(-log y) against log(column).

    Attributes:
        series: the run; None: all rows
        column: the scale
        kind: "concave" (accelerated), "linear" (a power law) or "convex"
        bend: coefficient of the square
        lower, upper: its 95 % interval
        p_value: how often a power law would seem to bend as much
    """

    series: str | None
    column: str
    kind: str
    bend: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class RelatedLaw:
    """A law of a constant across runs, or of the lower envelope of runs.

    Attributes:
        target: what it gives, a constant or a column
        column: what it depends on
        formula: the law
        constants: its constants
        relative_error: of its fit
    """

    target: str
    column: str
    formula: str
    constants: tuple[LawConstant, ...]
    relative_error: float | None


@dataclass(frozen=True)
class CurveFindings:
    """What curves show under the best law.

    Attributes:
        scale: "log", "linear" or "share"
        noise: robust standard deviation of what is left, on that scale
        huber_delta: threshold of Huber's loss, in units of the rows' spread
        independent_share: share of the rows that count as independent, in (0, 1]
        held_out_rows: rows of largest scale, foretold from the others
        limit: the value at infinite scale
        emergence: how shares of successes bend, all rows together: "concave", "linear" or "convex"
        emergence_p_value: how often a power law would seem to bend as much
        straight: coordinates in which the law is a straight line
        breaks: places of breaks within the data
        outliers: rows (from 1) more than five standard deviations off
        warm_up_rows: rows left out at the beginning of runs
        warm_up_until: up to where on their axis
        worsening: runs that get worse late
        measurements: where to measure to tell rank 1 from its rivals
        constant_laws: laws of constants across runs
        frontier: laws of the lower envelope of many runs
        emergence_verdicts: of all rows together first, then of each run
    """

    scale: str
    noise: float
    huber_delta: float
    independent_share: float
    held_out_rows: int
    limit: LawConstant | None
    emergence: str | None
    emergence_p_value: float | None
    straight: str | None
    breaks: tuple[LawConstant, ...]
    outliers: tuple[int, ...]
    warm_up_rows: int
    warm_up_until: float | None
    worsening: tuple[Worsening, ...]
    measurements: tuple[Measurement, ...]
    constant_laws: tuple[RelatedLaw, ...]
    frontier: tuple[RelatedLaw, ...]
    emergence_verdicts: tuple[EmergenceVerdict, ...]


@dataclass(frozen=True)
class CurvePrediction:
    """The law at a point; where one more observation would lie; whether the point lies outside the data."""

    law: Estimate
    observation: Estimate
    extrapolates: bool


@dataclass(frozen=True)
class ComputeOptimum:
    """The best size and data for a budget of 6 N D floating-point operations, and the loss there."""

    budget: float
    size: Estimate
    data: Estimate
    loss: Estimate


@dataclass(frozen=True)
class TargetReach:
    """Where on its axis (tokens, steps) a law reaches a value; a value of None: never."""

    target: float
    axis: str
    at: Estimate


@dataclass(frozen=True)
class CurveAnswers:
    """What a law says of other scales; `probability` is that of the intervals."""

    formula: str
    probability: float
    predictions: tuple[CurvePrediction, ...]
    optima: tuple[ComputeOptimum, ...]
    reaches: tuple[TargetReach, ...]
