"""Are two formulas the same function on a box of inputs? Refuted by a point, proved by algebra, or neither."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.compare.families import Family, family, fitted_to, same_structure
from ansatz.discovery.compare.precise import precise_difference
from ansatz.discovery.compare.proof import proved_equal
from ansatz.discovery.compare.term_sets import TermOverlap, term_overlap
from ansatz.discovery.data.box import Box, Interval
from ansatz.discovery.data.names import Names
from ansatz.discovery.expression import Array, Node, evaluate, parse, variables
from ansatz.discovery.report.report import Warning

POINTS: Final = 1000


@dataclass(frozen=True)
class _Sampling:
    """Say where formulas are compared. Chosen by judgement.

    Attributes:
        seed: of the points: the same formulas are compared at the same points.
        least_shared: points at which both are defined, so that anything can be said.
        examined: points of largest difference that are computed to fifty digits.
        nearly_as_good: share of the points of the best range at which a formula must be defined, for a wider one to be
            taken.
        points_to_choose: points by which a range is chosen where none is given.
    """

    seed: int = 0
    least_shared: int = 5
    examined: int = 20
    nearly_as_good: float = 0.95
    points_to_choose: int = 200


_SAMPLING: Final = _Sampling()


@dataclass(frozen=True)
class _Differences:
    """Say which relative differences count.

    Attributes:
        different: largest difference of equal formulas in float64: rounding of some thousand operations stays below.
        fitted: as `different`, where constants were fitted.
        negligible: over the median size: smaller values are compared by their absolute difference.
    """

    different: float = 1e-9
    fitted: float = 1e-6
    negligible: float = 1e-6


_DIFFERENCES: Final = _Differences()


_RANGES: Final = (Interval(-10.0, 10.0), Interval(0.1, 10.0), Interval(-1.0, 1.0), Interval(0.01, 1.0))


class Equivalence(StrEnum):
    """How two formulas stand to each other, wherever both are defined."""

    PROVED = "PROVED"
    NUMERICAL = "NUMERICAL"
    REFUTED = "REFUTED"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True)
class FormulaPoint:
    """Two formulas at one point: inputs by name, values, and their difference over the larger value (or a millionth of
    the usual one, where that is larger)."""

    inputs: Mapping[str, float]
    a: float
    b: float
    relative_difference: float


@dataclass(frozen=True)
class Verdict:
    """Say whether two formulas are equal, and how it was shown.

    Attributes:
        equivalence: equal, different, or not told.
        method: "canonical form" or "sympy" (proofs), "structure" (a proof that only constants differ), "points" or
            "fit".
        largest_difference: where they differ most of the points tried, None where none has both values. With free
            constants it is of the pair (a fitted, b) or (a, b fitted) that differs more.
        a_fitted: a with the constants that bring it nearest to b, None where constants are not free.
        b_fitted: as `a_fitted`.
        warnings: what a reader must know.
    """

    equivalence: Equivalence
    method: str
    largest_difference: FormulaPoint | None
    a_fitted: Node | None = None
    b_fitted: Node | None = None
    warnings: tuple[Warning, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Tell how two formulas a and b compare on a box.

    Attributes:
        verdict: whether they are equal.
        points: tried.
        undefined_a: how many of them lie where a is not finite.
        undefined_b: as `undefined_a`.
        box: by the caller's names.
        terms: that they share.
        warnings: what a reader must know.
    """

    verdict: Verdict
    points: int
    undefined_a: int
    undefined_b: int
    box: Mapping[str, Interval]
    terms: TermOverlap
    warnings: tuple[Warning, ...]


@np.errstate(all="ignore")
def compare_formulas(a: str, b: str, box: Box | None = None, free_constants: bool = False) -> Comparison:
    """Compare two formulas on a box. Raises InvalidInputError.

    Without a box, each input has the widest of four ranges (-10 to 10, 0.1 to 10, -1 to 1, 0.01 to 1) on which both are
    defined. Formulas are equal where their values differ by no more than 1e-9 relative.

    With `free_constants` numbers that are neither integers nor exponents may differ, and so may the constants that
    names outside the box stand for. Formulas are then equal where each becomes the other, to 1e-6 relative, once its
    constants are fitted.
    """
    texts = {"a": a, "b": b}
    used = dict.fromkeys(n for place, t in texts.items() for n in variables(parse(t, (), place, others=True)))
    names = Names.of(tuple(box.intervals if box else used))
    formulas = [names.parse(text, place, free=free_constants) for place, text in texts.items()]
    constants = {name for formula in formulas for name in variables(formula)} - set(names.usable)
    families = [family(formula, constants, _SAMPLING.seed) for formula in formulas]
    left, right = (made.formula for made in families)
    if box:
        limits = {names.identifiers[n]: i for n, i in box.intervals.items()}
    else:
        limits = _derived_limits(left, right, names.usable)
    sample = _Sample(Box(limits).points(POINTS, _SAMPLING.seed))
    positive = [name for name, interval in limits.items() if interval.lower > 0]
    if free_constants:
        verdict = _families_compared(families[0], families[1], sample, positive)
    else:
        verdict = _functions_compared(left, right, sample, positive)
    defined = [np.isfinite(sample.values(formula)) for formula in (left, right)]
    return Comparison(
        verdict=verdict,
        points=sample.size,
        undefined_a=int(np.count_nonzero(~defined[0])),
        undefined_b=int(np.count_nonzero(~defined[1])),
        box={caller: limits[name] for caller, name in names.identifiers.items()},
        terms=term_overlap(left, right),
        warnings=(*verdict.warnings, *_domain_warnings(defined[0], defined[1], sample)),
    )


def _derived_limits(a: Node, b: Node, names: Sequence[str]) -> dict[str, Interval]:
    """Return for each input the first range on which both formulas are defined about as often as on the best."""
    limits = dict.fromkeys(names, _RANGES[1])
    for name in names:
        shares = []
        for interval in _RANGES:
            sample = _Sample(Box({**limits, name: interval}).points(_SAMPLING.points_to_choose, _SAMPLING.seed))
            shares.append(float(np.mean(np.isfinite(sample.values(a)) & np.isfinite(sample.values(b)))))
        best = max(shares)
        limits[name] = next(i for i, s in zip(_RANGES, shares, strict=True) if s >= _SAMPLING.nearly_as_good * best)
    return limits


class _Sample:
    """The points at which formulas are tried."""

    def __init__(self, columns: Mapping[str, Array]) -> None:
        self.columns = columns
        self.size = next((column.size for column in columns.values()), 1)

    def values(self, formula: Node) -> Array:
        return evaluate(formula, self.columns, self.size)

    def point(self, row: int) -> dict[str, float]:
        return {name: float(column[row]) for name, column in self.columns.items()}

    def largest_difference(self, a: Node, b: Node) -> FormulaPoint | None:
        """Return where two formulas differ most, of the points where both are finite; None where there are too few of
        these.

        The largest differences are computed again to fifty digits, so that rounding is no difference.
        """
        left, right = self.values(a), self.values(b)
        shared = np.flatnonzero(np.isfinite(left) & np.isfinite(right))
        if shared.size < min(_SAMPLING.least_shared, self.size):
            return None
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(left[shared]), np.abs(right[shared]))
            floor = max(_DIFFERENCES.negligible * float(np.median(size)), float(np.finfo(float).tiny))
            relative = np.abs(left[shared] - right[shared]) / np.maximum(size, floor)
        best: tuple[float, int] = (-1.0, 0)
        for i in np.argsort(-relative, kind="stable")[: _SAMPLING.examined]:
            row = int(shared[i])
            exact = precise_difference(a, b, self.point(row)) if relative[i] > 0 else None
            best = max(best, (float(relative[i]) if exact is None else exact[0] / max(exact[1], floor), row))
        found, row = best
        return FormulaPoint(self.point(row), float(left[row]), float(right[row]), found)


def _functions_compared(a: Node, b: Node, sample: _Sample, positive: Collection[str]) -> Verdict:
    """Return two formulas with all their numbers as they stand."""
    largest = sample.largest_difference(a, b)
    if largest is not None and largest.relative_difference > _DIFFERENCES.different:
        return Verdict(Equivalence.REFUTED, "points", largest)
    if (proof := proved_equal(a, b, positive)) is not None:
        return Verdict(Equivalence.PROVED, proof, largest)
    return Verdict(Equivalence.UNDETERMINED if largest is None else Equivalence.NUMERICAL, "points", largest)


def _families_compared(a: Family, b: Family, sample: _Sample, positive: Collection[str]) -> Verdict:
    """Return two formulas with free constants: each fitted to the other's values."""
    a_fitted = fitted_to(a, b, sample.values(b.formula), sample.columns, _SAMPLING.seed)
    b_fitted = fitted_to(b, a, sample.values(a.formula), sample.columns, _SAMPLING.seed)
    pairs = [sample.largest_difference(a_fitted, b.formula), sample.largest_difference(a.formula, b_fitted)]
    found = [pair for pair in pairs if pair is not None]
    largest = max(found, key=lambda pair: pair.relative_difference, default=None)
    reached = [pair is not None and pair.relative_difference <= _DIFFERENCES.fitted for pair in pairs]
    warnings: tuple[Warning, ...] = ()
    if same_structure(a, b, positive, _SAMPLING.seed):
        equivalence, method = Equivalence.PROVED, "structure"
    elif len(found) < len(pairs):
        equivalence, method = Equivalence.UNDETERMINED, "fit"
    elif not all(reached):
        equivalence, method = Equivalence.REFUTED, "fit"
        if any(reached):
            special, general = ("b", "a") if reached[0] else ("a", "b")
            warnings = (
                Warning("SPECIAL_CASE", f"{general} becomes {special} with the constants fitted, but not the reverse."),
            )
    else:
        equivalence, method = Equivalence.NUMERICAL, "fit"
    return Verdict(equivalence, method, largest, a_fitted, b_fitted, warnings)


def _domain_warnings(a: NDArray[np.bool_], b: NDArray[np.bool_], sample: _Sample) -> list[Warning]:
    """Return where one formula, or both, are not finite; `a` and `b` say where each is."""
    warnings: list[Warning] = []
    for name, other, lost in (("a", "b", b & ~a), ("b", "a", a & ~b)):
        if count := int(np.count_nonzero(lost)):
            shown = ", ".join(f"{n} = {v:.6g}" for n, v in sample.point(int(np.argmax(lost))).items())
            warnings.append(
                Warning(
                    "DOMAINS_DIFFER",
                    f"{name} is not finite at {count} of {sample.size} points where {other} is, such as {shown}.",
                )
            )
    if neither := int(np.count_nonzero(~a & ~b)):
        warnings.append(Warning("NOT_FINITE", f"Neither is finite at {neither} of {sample.size} points of the box."))
    return warnings


__all__ = ["Comparison", "Equivalence", "FormulaPoint", "Verdict", "compare_formulas"]
