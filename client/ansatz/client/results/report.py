"""What a server answers, as frozen dataclasses. None stands for what is not finite, not defined or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ansatz.client.results.curves import CurveFindings, Estimate, Law


class Engine(StrEnum):
    """The evolutionary engine that searches beside the built-in searchers."""

    AUTO = "auto"
    PYSR = "pysr"
    OPERON = "operon"
    NONE = "none"


class Loss(StrEnum):
    """What the fit of an ansatz minimises: squared errors; or Huber's, in which outliers count little, of the target or
    of its logarithm."""

    SQUARED = "squared"
    HUBER = "huber"
    LOG_HUBER = "log-huber"


class Consistency(StrEnum):
    """How the dimensions of a formula stand by the units given: right with all numbers dimensionless; right only if
    numbers that are no integers carry dimensions; wrong."""

    CONSISTENT = "consistent"
    DIMENSIONAL_CONSTANTS = "dimensional_constants"
    INCONSISTENT = "inconsistent"


class JobState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Constant:
    """A number of a formula that is no integer, or a free constant of your ansatz.

    `std_error` and the limits of the 95 % interval are in the constant's own unit, None where the data do not
    determine them; `name` is what the value is called where a short name ("3/2", "pi") lies within its error;
    `parameter` is the free constant of your ansatz that it is. Of grouped data, `per_group` maps the labels of the
    groups to what the constant is there, and `per_group_errors` to its standard error, where it differs from group to
    group (`value` is then the median over the groups); None where all share it.
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

    `rmse` and `extrapolation_rmse` are in the target's unit, `r2` (≤ 1) and `relative_error` (≥ 0) dimensionless,
    `description_length` in bits.
    """

    rmse: float | None
    r2: float | None
    relative_error: float | None
    description_length: float | None
    extrapolation_rmse: float | None


@dataclass(frozen=True)
class StateScores:
    """Errors of one state along simulated trajectories, in its own unit: on the samples that were fitted, and
    (`rollout_`) on those that were not: held-out runs, or else the last quarter of every run, foretold from the
    others."""

    rmse: float | None
    r2: float | None
    rollout_rmse: float | None
    rollout_r2: float | None


@dataclass(frozen=True)
class ConservedQuantity:
    """A quantity of the states that the equations keep constant; `drift`: its spread within a run over what it would be
    by chance, along the observed motion (0 is perfect)."""

    formula: str
    drift: float | None


@dataclass(frozen=True)
class Motion:
    """What the trajectories of a system show. `diverges`: from a fitted initial state it runs away within the observed
    span; `unstable_after`: the time after which it does within twice the span, None where it does not; `shared_terms`
    stand in several equations. `order` 1: equations for dx/dt; 2: for d²x/dt², in which x_t names dx/dt. `diffusion`:
    of a stochastic law, by state, σ in dx = f dt + σ dW (state's unit per square root of the unit of time); its scores
    are of one step ahead."""

    states: Mapping[str, StateScores]
    diverges: bool
    unstable_after: float | None
    conserved: tuple[ConservedQuantity, ...]
    shared_terms: tuple[str, ...]
    order: int
    diffusion: Mapping[str, float]


@dataclass(frozen=True)
class Reversion:
    """dx = rate·(mean - x)·dt + diffusion·dW, of one state in the runs of one `group` (empty: all), whose constant
    inputs are `at`. Intervals are of 95 %, an open side is None. `rate` is corrected for its bias in small samples, 0
    where the data rather want a random walk; `half_life` = ln 2/rate; `stationary_std` is the spread that the state
    settles to; `random_walk_p`: how often a random walk looks as much like reverting."""

    state: str
    group: str
    at: Mapping[str, float]
    rate: Estimate
    half_life: Estimate
    mean: Estimate
    diffusion: Estimate
    stationary_std: float | None
    random_walk_p: float


@dataclass(frozen=True)
class SlowingDown:
    """How the rate of reversion of a state depends on a parameter that is constant in a run. `law` "linear":
    rate = slope·(parameter - zero); "root": rate² = slope·(parameter - zero). `zero` is the parameter at which the rate
    reaches 0; `p_value`: how often as strong a trend is seen where the rate is the same throughout."""

    state: str
    parameter: str
    law: str
    slope: Estimate
    zero: Estimate
    p_value: float


@dataclass(frozen=True)
class Jump:
    """A jump of a state, or with order 2 of its rate, within a run: when, from where to where, and with order 2 the
    state there."""

    run: str
    state: str
    time: float
    before: float
    after: float
    position: float | None


@dataclass(frozen=True)
class JumpLaw:
    """What the jumps of a state have in common: means over the jumps with their 95 % intervals. `ratio` is after over
    before: with order 2 less than 0 at a collision, the coefficient of restitution but for its sign."""

    state: str
    count: int
    before: Estimate
    after: Estimate
    ratio: Estimate
    position: Estimate


@dataclass(frozen=True)
class Drift:
    """What a motion that noise drives shows. `gain_bits`: by how much its description is shorter than that of the best
    deterministic law; `innovations_p`: how likely as much structure is in what it does not foretell one step ahead, if
    that were noise."""

    reversions: tuple[Reversion, ...]
    slowing_down: tuple[SlowingDown, ...]
    gain_bits: float | None
    innovations_p: float


@dataclass(frozen=True)
class Candidate:
    """A formula and the evidence for it. `rank` 1 is the best; 0: not ranked. `correlations` are those of the estimates
    of `constants`, row by row; empty for fewer than two. `parts` are the formulas of the unknown parts of your
    ansatz, by name. `dimensions`: None where no column has a unit. `law` says which law of curves it is, None for
    tables.

    A system of differential equations has its right-hand sides in `equations`, by state, and `motion`; its `formula` is
    empty."""

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


@dataclass(frozen=True)
class Warning:
    """A fact that the reader of a result must know; the codes are listed in docs/warnings.md."""

    code: str
    message: str


@dataclass(frozen=True)
class ResidualVerdict:
    """Is what the best formula leaves only noise? `p_value` in [0, 1]: how likely noise has as much structure."""

    is_noise: bool
    p_value: float


@dataclass(frozen=True)
class Noise:
    """The noise estimated from the data: std of the best formula's residual over the target's, dimensionless."""

    relative_std: float | None


@dataclass(frozen=True)
class RefinementStep:
    """A step of the refinement of the caller's ansatz: the formula after it, what was joined (None: the fit of the
    ansatz itself), the bits of description length it saved, how it was joined ("additive", "multiplicative" or
    "inside"), and the inputs that the residual before depended on. Of a system, `formula` is the equation of
    `state`."""

    formula: str
    added: str | None
    gain_bits: float
    mode: str | None
    missing: tuple[str, ...]
    state: str | None


@dataclass(frozen=True)
class ConstantLaw:
    """What a constant that differs from group to group is as a function of the groups' own columns.

    `constant` is the name of the free constant, else c1, c2, … by its place among the constants of the best formula;
    `candidates` are by rank, their scores over the groups; `columns` as in Report.
    """

    constant: str
    candidates: tuple[Candidate, ...]
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Receipt:
    """What it takes to repeat a result. `reproducible` is False where a clock or an engine interfered; `cut_stages`
    are those that the clock or an interruption cut short."""

    data_sha256: str
    versions: Mapping[str, str]
    options: Mapping[str, str]
    seed: int
    reproducible: bool
    cut_stages: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The answer to a discovery.

    `state` is that of the job: SUCCEEDED; CANCELLED: what was found until then; RUNNING: the best so far.
    `candidates` are by rank. `columns` maps names in formulas to the caller's column names, where they differ.
    Times are in seconds from CreateJob. `metric` is the space in which the law was found, empty for the target itself.
    `constant_laws` are of the constants of the best formula that differ from group to group. `drift`: how states revert
    to their means, None where noise does not drive a motion; `jumps` are those at which runs of a motion were cut,
    `jump_laws` what they have in common.
    """

    state: JobState
    candidates: tuple[Candidate, ...]
    residual: ResidualVerdict | None
    noise: Noise
    warnings: tuple[Warning, ...]
    receipt: Receipt | None
    columns: Mapping[str, str]
    refinement: tuple[RefinementStep, ...]
    elapsed_seconds: float | None
    first_candidate_seconds: float | None
    metric: str
    constant_laws: tuple[ConstantLaw, ...]
    curves: CurveFindings | None = None
    drift: Drift | None = None
    jumps: tuple[Jump, ...] = ()
    jump_laws: tuple[JumpLaw, ...] = ()

    @property
    def best(self) -> Candidate | None:
        """The candidate of rank 1; None where nothing was found."""
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True)
class DataSummary:
    """The size of a job's data."""

    rows: int
    inputs: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Parameter:
    """A free constant of an ansatz: where its fit starts, and its bounds, where given."""

    name: str
    start: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SearchOptions:
    """The options a job was made with; None and empty: the server's default."""

    functions: tuple[str, ...]
    engine: Engine
    budget_seconds: float | None
    seed: int | None
    max_complexity: int | None
    ansatz: str
    dimensional_constants: bool
    parameters: tuple[Parameter, ...]
    fixed_numbers: bool
    loss: Loss
    metric: str
    per_group: tuple[str, ...]


@dataclass(frozen=True)
class JobError:
    """Why a job failed; `reason` is machine-readable."""

    reason: str
    message: str


@dataclass(frozen=True)
class Job:
    """One discovery. `report` is the result once the state is final, the best so far before; None in lists."""

    id: str
    state: JobState
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    data: DataSummary
    options: SearchOptions
    report: Report | None
    error: JobError | None
    attempts: int
    last_sequence: int


@dataclass(frozen=True)
class Progress:
    """`fraction` of the budget spent, in [0, 1]; the `stage` under way; seconds since the worker began."""

    fraction: float
    stage: str
    elapsed_seconds: float


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job: exactly one of `state`, `progress` and `front` is set.

    `sequence` counts 1, 2, 3, … within a job; `front` is a better front: all candidates so far, by rank.
    """

    sequence: int
    time: datetime
    state: JobState | None = None
    progress: Progress | None = None
    front: tuple[Candidate, ...] | None = None


@dataclass(frozen=True)
class Evaluation:
    """Scores and constants of the caller's own formula (rank 0), and what its residual looks like."""

    candidate: Candidate
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class EngineInfo:
    """`detail` is the version where the engine is ready, else why it is not and the command that mends it."""

    engine: Engine
    ready: bool
    detail: str


@dataclass(frozen=True)
class Limits:
    """What a request may not exceed; times in seconds."""

    max_rows: int
    max_columns: int
    max_message_bytes: int
    max_queued_jobs: int
    max_watchers: int
    default_budget_seconds: float
    max_budget_seconds: float
    max_wait_seconds: float
    max_formula_length: int
    max_complexity: int
    worker_memory_bytes: int
    max_jobs_per_caller: int
    max_upload_bytes: int
    max_uploads_per_caller: int


@dataclass(frozen=True)
class ServerInfo:
    """Version of the server and of the packages it computes with; what it can do, and within which limits."""

    version: str
    packages: Mapping[str, str]
    engines: tuple[EngineInfo, ...]
    limits: Limits
    functions: tuple[str, ...]
    default_functions: tuple[str, ...]
    workers: int
