"""How two formulas compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ansatz.client.results.warning import Warning


class Equivalence(StrEnum):
    """How two formulas stand to each other, wherever both are defined."""

    PROVED = "PROVED"
    NUMERICAL = "NUMERICAL"
    REFUTED = "REFUTED"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True)
class FormulaPoint:
    """Two formulas at one point.

    Attributes:
        inputs: input -> value
        a, b: what each formula gives
        relative_difference: over the larger value, or over a millionth of the usual one where that is larger
    """

    inputs: Mapping[str, float]
    a: float
    b: float
    relative_difference: float


@dataclass(frozen=True)
class TermOverlap:
    """The additive terms that two formulas share, constants left out: Jaccard overlaps in [0, 1].

    Attributes:
        strict: of terms with their exponents
        loose: of terms without their exponents, as published for VIPER-R1 (S_struct)
        terms_a, terms_b: the terms of each formula
    """

    strict: float
    loose: float
    terms_a: tuple[str, ...]
    terms_b: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """How two formulas a and b compare.

    Attributes:
        equivalence: PROVED by algebra (with free constants: the same structure); NUMERICAL: equal at every point tried,
            but not proved; REFUTED by `largest_difference`; UNDETERMINED: hardly a point lies where both are defined
        method: how it was shown: "canonical form", "sympy", "structure", "points" or "fit"
        largest_difference: where they differ most, of the points tried
        points: how many were tried
        undefined_a, undefined_b: at how many of them a formula is not finite
        box: input -> (lower, upper) that was tried
        terms: the terms that they share
        a_fitted, b_fitted: each formula with the free constants that bring it nearest to the other; None where
            constants are not free
        warnings: what a reader must know
    """

    equivalence: Equivalence
    method: str
    largest_difference: FormulaPoint | None
    points: int
    undefined_a: int
    undefined_b: int
    box: Mapping[str, tuple[float, float]]
    terms: TermOverlap
    a_fitted: str | None
    b_fitted: str | None
    warnings: tuple[Warning, ...]

    @property
    def equivalent(self) -> bool | None:
        """Return whether the formulas are equal, as far as can be told; None where it cannot."""
        if self.equivalence is Equivalence.UNDETERMINED:
            return None
        return self.equivalence is not Equivalence.REFUTED
