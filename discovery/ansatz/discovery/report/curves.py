"""What a report says of curves beyond formulas and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ansatz.discovery.report.estimate import Estimate


@dataclass(frozen=True)
class LawConstant:
    """A published constant of a law, by its name: value, standard error and 95 % interval in its own unit; None where
    the data do not give them."""

    name: str
    value: float
    std_error: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class LawFacts:
    """Say which law a candidate is.

    Attributes:
        name: that of the catalogue, or ``free``.
        title: what it is called.
        formula: the published form with named constants.
        source: where it comes from.
        implicit: whether it holds its own value: the candidate's formula is the right side of target = …, to be solved.
        columns: its variables to columns, by their names in formulas.
        constants: the published ones.
        held_out_error: root mean square error on the rows held out, on the scale of errors; None where none were.
        per_run: the constants of each run where each has its own.
    """

    name: str
    title: str
    formula: str
    source: str
    implicit: bool
    columns: Mapping[str, str]
    constants: tuple[LawConstant, ...]
    held_out_error: float | None
    per_run: Mapping[str, tuple[LawConstant, ...]] = field(default_factory=dict)


class Emergence(StrEnum):
    """How log(−log y) bends against the logarithm of scale: concave is accelerated (emergent), linear a power law."""

    CONCAVE = "concave"
    LINEAR = "linear"
    CONVEX = "convex"


@dataclass(frozen=True)
class EmergenceVerdict:
    """Give the verdict on one series, or on all rows together.

    Attributes:
        series: empty for all rows.
        column: the scale.
        kind: how log(−log y) bends.
        bend: the coefficient of log(column)² in log(−log y).
        lower: limit of its 95 % interval.
        upper: as `lower`.
        p_value: how often a power law would seem to bend as much.
    """

    series: str
    column: str
    kind: Emergence
    bend: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class Worsening:
    """A run that gets worse late: its best value and where, and its last value."""

    run: str
    best_at: float
    best: float
    last: float


@dataclass(frozen=True)
class Measurement:
    """Where to measure to tell rank 1 from a rival: `column` at `value` or more; None: not within a million times."""

    rival: str
    column: str
    value: float | None


@dataclass(frozen=True)
class RelatedLaw:
    """A law found beside the curves themselves: of a constant across runs, or of the lower envelope; `target` is what
    it gives, `column` what of, both by name."""

    target: str
    column: str
    formula: str
    constants: tuple[LawConstant, ...]
    relative_error: float


@dataclass(frozen=True)
class CurveFindings:
    """Tell what the curves show under the best law.

    Attributes:
        scale: log, linear or share.
        noise: robust standard deviation on it.
        huber_delta: threshold of the loss, in units of the noise.
        independent_share: share of the rows that count as independent.
        held_out_rows: those of largest scale, told from the others.
        limit: the value at infinite scale (irreducible loss) with its interval, None where the law has none.
        emergence: for successes, verdicts on all rows, then on each series.
        straight: coordinates in which the law is a straight line, or empty.
        breaks: places of breaks.
        outliers: the caller's rows (from 1) that lie more than five standard deviations off and do not count.
        warm_up_rows: first rows of runs that were left out.
        warm_up_until: up to where, None where none were.
        worsening: runs that get worse late.
        measure: where to measure to tell rank 1 from a rival.
        constant_laws: of constants across runs.
        frontier: laws of the lower envelope.
    """

    scale: str
    noise: float
    huber_delta: float
    independent_share: float
    held_out_rows: int
    limit: LawConstant | None
    emergence: tuple[EmergenceVerdict, ...]
    straight: str
    breaks: tuple[LawConstant, ...]
    outliers: tuple[int, ...]
    warm_up_rows: int
    warm_up_until: float | None
    worsening: tuple[Worsening, ...]
    measure: tuple[Measurement, ...]
    constant_laws: tuple[RelatedLaw, ...]
    frontier: tuple[RelatedLaw, ...]


@dataclass(frozen=True)
class Prediction:
    """The law at one point, and the interval in which one more observation there would lie."""

    law: Estimate
    observation: Estimate
    extrapolates: bool


@dataclass(frozen=True)
class Optimum:
    """For a compute budget (floating-point operations, 6·N·D): the size, the data and the loss that are best."""

    budget: float
    size: Estimate
    data: Estimate
    loss: Estimate


@dataclass(frozen=True)
class Reach:
    """The value of the axis (tokens, steps) at which the law reaches a target value; None: never."""

    target: float
    axis: str
    at: Estimate


@dataclass(frozen=True)
class Answers:
    """Answers of one law: formula, what it predicts, optima, reaches; `probability` is that of the intervals."""

    formula: str
    probability: float
    predictions: tuple[Prediction, ...]
    optima: tuple[Optimum, ...]
    reaches: tuple[Reach, ...]
