"""What a server answers on curves, as frozen dataclasses. None stands for what is not finite, not defined or not
set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LawConstant:
    """A published constant of a law: value, standard error and 95 % interval, in its own unit."""

    name: str
    value: float
    std_error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Law:
    """Which law of curves a candidate is.

    `name` is that of the catalogue (docs/curves.md), "free" or "ansatz"; `formula` the published form in terms of
    columns; an `implicit` law holds its own value: the candidate's formula is the right side of target = formula, to be
    solved for it. `held_out_error` is that on the rows held out, relative on the log scale. `per_run`: constants by
    run.
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
    """How shares of successes of one run (None: of all rows) bend in log(-log y) against log(column): concave
    (accelerated), linear (a power law) or convex; `bend` is the coefficient of the square, with its 95 % interval."""

    series: str | None
    column: str
    kind: str
    bend: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class RelatedLaw:
    """A law of a constant across runs, or of the lower envelope of runs."""

    target: str
    column: str
    formula: str
    constants: tuple[LawConstant, ...]
    relative_error: float | None


@dataclass(frozen=True)
class CurveFindings:
    """What curves show under the best law: see CurveFindings of the wire contract (proto/ansatz/v1/curves.proto)."""

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
class Estimate:
    """A value and its interval; an open side is None."""

    value: float | None
    lower: float | None
    upper: float | None


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
