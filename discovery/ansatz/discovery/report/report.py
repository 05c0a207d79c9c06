"""The answer to a discovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansatz.discovery.expression import Node, complexity, to_latex, to_numpy, to_text
from ansatz.discovery.expression.printing import rate_latex
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.curves import CurveFindings, LawFacts
from ansatz.discovery.report.motion import Drift, Jump, JumpLaw, Motion
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.units.consistency import Consistency


@dataclass(frozen=True)
class Constant:
    """Hold a number of a formula that is no integer, or a free constant of the caller's ansatz.

    Attributes:
        value: in its own unit; of grouped data, where it differs, the median over the groups.
        std_error: None where the data do not determine it.
        lower: limit of the 95 % interval, None where the data give none.
        upper: as `lower`.
        name: what the value is called where a short name lies within its error, else empty.
        parameter: the free constant of the ansatz that it is, else empty.
        per_group: what it is in each group, by the group's label, where it differs.
    """

    value: float
    std_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    name: str = ""
    parameter: str = ""
    per_group: Mapping[str, GroupValue] = field(default_factory=dict)

    @classmethod
    def given(cls, value: float, name: str = "") -> Constant:
        """Return a number that was given and not fitted: its error is 0."""
        return cls(value, 0.0, value, value, name)

    def negative(self) -> Constant:
        """Return it with the other sign: what it is called, if anything, has a minus then."""
        lower, upper = (None if end is None else -end for end in (self.upper, self.lower))
        per_group = {label: GroupValue(-found.value, found.std_error) for label, found in self.per_group.items()}
        name, parameter = (f"-{called}" if called else "" for called in (self.name, self.parameter))
        return Constant(-self.value, self.std_error, lower, upper, name, parameter, per_group)

    @property
    def is_given(self) -> bool:
        """Return whether it was given and not fitted."""
        return self.std_error == 0.0


@dataclass(frozen=True)
class GroupValue:
    """What a constant is in one group; `std_error` is None where the data do not determine it."""

    value: float
    std_error: float | None


@dataclass(frozen=True)
class Scores:
    """Errors of a formula on the caller's rows, in float64; NaN where not defined.

    `rmse` and `extrapolation_rmse` are in the target's unit, `r2` (≤ 1) and `relative_error` (≥ 0) dimensionless,
    `description_length` in bits. `extrapolation_rmse`: on the outermost fifth of the rows, with the constants fitted on
    the others.
    """

    rmse: float
    r2: float
    relative_error: float
    description_length: float
    extrapolation_rmse: float


@dataclass(frozen=True)
class Candidate:
    """Hold a formula and the evidence for it.

    A system of differential equations has its right-hand sides in `equations`; `formula` is then that of the first
    state.

    Attributes:
        rank: 1 is the best; 0: not ranked.
        formula: of the target, or of the first state.
        constants: in order of appearance.
        scores: on the caller's rows.
        on_pareto_front: whether no simpler candidate has as small an error.
        origin: who proposed it.
        dimensions: how they stand, None where no units are given.
        correlations: of the estimates of the constants, shape (k, k), NaN where the data do not determine one of the
            two; empty for k < 2.
        parts: the formulas found for the unknown parts of an ansatz, by name, each in terms of its own arguments.
        law: which law of curves it is, None for other observations.
        equations: right-hand sides by state, empty for formulas.
        motion: the evidence for a system as a motion, None for formulas.
    """

    rank: int
    formula: Node
    constants: tuple[Constant, ...]
    scores: Scores
    on_pareto_front: bool
    origin: Origin
    dimensions: Consistency | None = None
    correlations: tuple[tuple[float, ...], ...] = ()
    parts: Mapping[str, Node] = field(default_factory=dict)
    law: LawFacts | None = None
    equations: Mapping[str, Node] = field(default_factory=dict)
    motion: Motion | None = None

    @property
    def found_by(self) -> str:
        """The name of the origin."""
        return self.origin.name

    @property
    def text(self) -> str:
        """The formula in Python's operators and the documented functions; of a system, its equations by line."""
        if self.equations:
            return "\n".join(f"{state}: {to_text(equation)}" for state, equation in self.equations.items())
        return to_text(self.formula)

    @property
    def latex(self) -> str:
        if self.equations:
            lines = (
                rf"{rate_latex(s, self.motion.order if self.motion else 1)} &= {to_latex(e)}"
                for s, e in self.equations.items()
            )
            return r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}"
        return to_latex(self.formula)

    @property
    def python(self) -> str:
        """One Python expression in which ``np`` is numpy; of a system, a dict by state."""
        if self.equations:
            return "{" + ", ".join(f"{state!r}: {to_numpy(e)}" for state, e in self.equations.items()) + "}"
        return to_numpy(self.formula)

    @property
    def complexity(self) -> int:
        """Nodes of the binary tree, of a system in all its equations."""
        return sum(map(complexity, self.equations.values())) if self.equations else complexity(self.formula)


@dataclass(frozen=True)
class Warning:
    """A fact that the reader of a result must know; `code` is one of docs/warnings.md."""

    code: str
    message: str


@dataclass(frozen=True)
class ResidualVerdict:
    """Is the residual of the best formula only noise? `p_value`: how likely as much structure is in noise; `missing`:
    the inputs in which something is missing, by their names in formulas."""

    is_noise: bool
    p_value: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefinementStep:
    """Tell one step of the refinement of an ansatz.

    Attributes:
        formula: after the step; of a system, the equation of `state`.
        added: what was joined, None for the fit of the ansatz itself.
        gain_bits: bits of description length that it saved.
        mode: "additive" (formula + added), "multiplicative" (formula * added) or "inside" (added to the argument of the
            outermost function).
        missing: the inputs that the residual of the formula before depended on.
        state: of a system, the state whose equation it is.
    """

    formula: Node
    added: Node | None
    gain_bits: float
    mode: str = ""
    missing: tuple[str, ...] = ()
    state: str = ""


@dataclass(frozen=True)
class Receipt:
    """Hold what it takes to repeat a result.

    Attributes:
        data_sha256: digest of the data, hexadecimal.
        versions: of the packages, by name.
        options: in force, as text.
        seed: of every random choice.
        reproducible: False where a clock or an engine interfered.
        cut_stages: those cut short.
    """

    data_sha256: str
    versions: Mapping[str, str]
    options: Mapping[str, str]
    seed: int
    reproducible: bool
    cut_stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConstantLaw:
    """Tell what a constant that differs from group to group is as a function of the groups' own columns.

    Attributes:
        constant: the name of the free constant, else c1, c2, … by its place among the constants of the best formula.
        candidates: formulas for it by rank, their scores over the groups.
        residual: whether the best leaves only noise.
        warnings: as in Findings.
        columns: as in Findings.
    """

    constant: str
    candidates: tuple[Candidate, ...]
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Tell what was found and how sure it is.

    Attributes:
        candidates: by rank.
        residual: whether the best leaves only noise; None where too few rows can tell.
        noise_relative_std: standard deviation of the best formula's residual over the target's.
        warnings: facts that a reader must know.
        columns: name in formulas to the caller's column name, where they differ.
        refinement: the steps of the refinement of an ansatz.
        metric: the space in which the law was found, empty for the target itself.
        constant_laws: of the constants of the best formula that differ from group to group.
        curves: what curves show, None for other observations.
        drift: how states revert to their means, None where noise does not drive the motion.
        jumps: those at which runs of a motion were cut, by run and time.
        jump_laws: what the jumps have in common, by state.
        chi_squared: whether the best agrees with the standard errors of the target; None where they are not known.
    """

    candidates: tuple[Candidate, ...]
    residual: ResidualVerdict | None
    noise_relative_std: float
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]
    refinement: tuple[RefinementStep, ...] = ()
    metric: str = ""
    constant_laws: tuple[ConstantLaw, ...] = ()
    curves: CurveFindings | None = None
    drift: Drift | None = None
    jumps: tuple[Jump, ...] = ()
    jump_laws: tuple[JumpLaw, ...] = ()
    chi_squared: ChiSquared | None = None


@dataclass(frozen=True, kw_only=True)
class Report(Findings):
    """Answer a discovery: what was found, what it takes to repeat it, and how long it took.

    `elapsed_seconds` and `first_candidate_seconds` are from the start of the search; the latter is NaN where nothing
    was found.
    """

    receipt: Receipt
    elapsed_seconds: float
    first_candidate_seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a search is: `fraction` of the budget in [0, 1], the `stage` under way, seconds since the start."""

    fraction: float
    stage: str
    elapsed_seconds: float
