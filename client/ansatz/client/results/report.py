"""The answer to a discovery. None stands for what is not finite, not defined or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.results.candidate import Candidate
from ansatz.client.results.curves import CurveFindings
from ansatz.client.results.motion import Drift, Jump, JumpLaw
from ansatz.client.results.state import JobState
from ansatz.client.results.warning import Warning


@dataclass(frozen=True)
class ResidualVerdict:
    """Is what the best formula leaves only noise?

    `p_value` in [0, 1]: how likely noise has as much structure. `missing`: the inputs, by their names in formulas, in
    which something is missing, the plainest first.
    """

    is_noise: bool
    p_value: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChiSquared:
    """What the best formula leaves, beside the standard errors that you gave.

    Attributes:
        value: sum over the rows of (residual / standard error)²
        degrees: of freedom: rows less constants fitted
        p_value: how likely a value at least as large is, where the formula and the errors are right; near 1 the errors
            are larger than the scatter
    """

    value: float
    degrees: int
    p_value: float

    @property
    def per_degree(self) -> float:
        """Return the value over the degrees of freedom: near 1 where formula and errors are right."""
        return self.value / self.degrees


@dataclass(frozen=True)
class Noise:
    """The noise estimated from the data: std of the best formula's residual over the target's, dimensionless."""

    relative_std: float | None


@dataclass(frozen=True)
class RefinementStep:
    """A step of the refinement of the caller's ansatz.

    Attributes:
        formula: after the step; of a system, the equation of `state`
        added: what was joined; None: this is the fit of the ansatz itself
        gain_bits: bits of description length saved
        mode: how it was joined: "additive", "multiplicative" or "inside"
        missing: the inputs that the residual before the step depended on
        state: of a system, the state
    """

    formula: str
    added: str | None
    gain_bits: float
    mode: str | None
    missing: tuple[str, ...]
    state: str | None


@dataclass(frozen=True)
class ConstantLaw:
    """What a constant that differs from group to group is as a function of the groups' own columns.

    Attributes:
        constant: name of the free constant, else c1, c2, … by its place among the constants of the best formula
        candidates: by rank, their scores over the groups
        residual: of the best of them
        warnings: of this search
        columns: as in Report
    """

    constant: str
    candidates: tuple[Candidate, ...]
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Receipt:
    """What it takes to repeat a result.

    Attributes:
        data_sha256: of names, roles and values, in hexadecimal
        versions: package -> version
        options: name -> the option in force, as text
        seed: of every random choice
        reproducible: False where a clock or an engine interfered
        cut_stages: those that the clock or an interruption cut short
    """

    data_sha256: str
    versions: Mapping[str, str]
    options: Mapping[str, str]
    seed: int
    reproducible: bool
    cut_stages: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The answer to a discovery.

    Attributes:
        state: of the job: SUCCEEDED; CANCELLED: what was found until then; RUNNING: the best so far
        candidates: by rank
        residual: is what the best formula leaves only noise?
        noise: estimated from the data
        warnings: what a reader must know
        receipt: what it takes to repeat the result
        columns: name in formulas -> the caller's column name, where they differ
        refinement: steps from your ansatz to the best formula
        elapsed_seconds, first_candidate_seconds: from CreateJob
        metric: the space in which the law was found, empty for the target itself
        constant_laws: of the constants of the best formula that differ from group to group
        curves: what curves show
        drift: how states revert to their means; None where noise does not drive a motion
        jumps: those at which runs of a motion were cut
        jump_laws: what the jumps have in common
        chi_squared: does the best formula agree with the standard errors that you gave?
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
    chi_squared: ChiSquared | None = None

    @property
    def best(self) -> Candidate | None:
        """Return the candidate of rank 1; None where nothing was found."""
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True)
class Evaluation:
    """Scores of the caller's own formula.

    Attributes:
        candidate: the formula, its scores and constants; its rank is 0
        residual: is what it leaves only noise?
        warnings: what a reader must know
        columns: as in Report
        chi_squared: does it agree with the standard errors that you gave?
    """

    candidate: Candidate
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]
    chi_squared: ChiSquared | None = None
