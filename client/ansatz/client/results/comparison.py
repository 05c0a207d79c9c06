"""Comparisons of two formulas: the request, and the answer as frozen dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ansatz.client.errors import InvalidRequest
from ansatz.client.results.report import Warning
from ansatz.v1 import comparison_pb2, discovery_service_pb2


class Equivalence(StrEnum):
    """How two formulas stand to each other, wherever both are defined."""

    PROVED = "PROVED"
    NUMERICAL = "NUMERICAL"
    REFUTED = "REFUTED"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True)
class FormulaPoint:
    """Two formulas at one point. `relative_difference` is over the larger value, or over a millionth of the usual one
    where that is larger."""

    inputs: Mapping[str, float]
    a: float
    b: float
    relative_difference: float


@dataclass(frozen=True)
class TermOverlap:
    """The additive terms that two formulas share, constants left out: Jaccard overlaps in [0, 1].

    `strict` compares terms with their exponents, `loose` without them, as published for VIPER-R1 (S_struct).
    """

    strict: float
    loose: float
    terms_a: tuple[str, ...]
    terms_b: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """How two formulas a and b compare.

    `equivalence`: PROVED by algebra (with free constants: the same structure), NUMERICAL: equal at every point tried,
    but not proved, REFUTED by `largest_difference`, UNDETERMINED: hardly a point lies where both are defined. `method`
    says how it was shown: "canonical form", "sympy", "structure", "points" or "fit". `undefined_a` and `undefined_b`
    count those of the `points` tried where a formula is not finite. `box` is what was tried. `a_fitted` is a with the
    free constants that bring it nearest to b, `b_fitted` likewise; None where constants are not free.
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
        """Whether the formulas are equal, as far as can be told; None where it cannot."""
        if self.equivalence is Equivalence.UNDETERMINED:
            return None
        return self.equivalence is not Equivalence.REFUTED


def request(
    a: str, b: str, box: Mapping[str, tuple[float, float]] | None, free_constants: bool
) -> discovery_service_pb2.CompareFormulasRequest:
    return discovery_service_pb2.CompareFormulasRequest(a=a, b=b, box=box_message(box), free_constants=free_constants)


def box_message(box: Mapping[str, tuple[float, float]] | None) -> dict[str, comparison_pb2.Interval]:
    """Intervals by name. Raises InvalidRequest where one is no pair of finite numbers."""
    message: dict[str, comparison_pb2.Interval] = {}
    for name, limits in (box or {}).items():
        try:
            lower, upper = map(float, limits)
        except (TypeError, ValueError):
            raise InvalidRequest.of(f"box[{name!r}]", f"is {limits!r:.60}; give a pair (lower, upper)") from None
        if not (math.isfinite(lower) and math.isfinite(upper)):
            raise InvalidRequest.of(f"box[{name!r}]", f"is {lower} to {upper}; give finite limits")
        message[str(name)] = comparison_pb2.Interval(lower=lower, upper=upper)
    return message


def comparison(message: comparison_pb2.Comparison) -> Comparison:
    name = comparison_pb2.Equivalence.Name(message.equivalence).removeprefix("EQUIVALENCE_")
    terms = message.terms
    return Comparison(
        equivalence=Equivalence(name),
        method=message.method,
        largest_difference=_point(message.largest_difference) if message.HasField("largest_difference") else None,
        points=message.points,
        undefined_a=message.undefined_a,
        undefined_b=message.undefined_b,
        box={n: (message.box[n].lower, message.box[n].upper) for n in sorted(message.box)},
        terms=TermOverlap(terms.strict, terms.loose, tuple(terms.terms_a), tuple(terms.terms_b)),
        a_fitted=message.a_fitted or None,
        b_fitted=message.b_fitted or None,
        warnings=tuple(Warning(w.code, w.message) for w in message.warnings),
    )


def _point(message: comparison_pb2.FormulaPoint) -> FormulaPoint:
    inputs = {name: message.inputs[name] for name in sorted(message.inputs)}
    return FormulaPoint(inputs, message.a, message.b, message.relative_difference)
