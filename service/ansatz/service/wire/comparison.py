"""Boxes and comparisons of formulas, between the wire and types of discovery: pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from ansatz.discovery import Box, Comparison, Equivalence, FormulaPoint, Interval
from ansatz.discovery.expression import Node, to_text
from ansatz.v1 import comparison_pb2, report_pb2

_EQUIVALENCES = {
    Equivalence.PROVED: comparison_pb2.EQUIVALENCE_PROVED,
    Equivalence.NUMERICAL: comparison_pb2.EQUIVALENCE_NUMERICAL,
    Equivalence.REFUTED: comparison_pb2.EQUIVALENCE_REFUTED,
    Equivalence.UNDETERMINED: comparison_pb2.EQUIVALENCE_UNDETERMINED,
}


def box_from_proto(box: Mapping[str, comparison_pb2.Interval]) -> Box:
    """The box, inputs in the order of their names. Raises InvalidInputError where Box refuses it."""
    return Box({name: Interval(box[name].lower, box[name].upper) for name in sorted(box)})


def comparison_to_proto(comparison: Comparison) -> comparison_pb2.Comparison:
    verdict, terms = comparison.verdict, comparison.terms
    return comparison_pb2.Comparison(
        equivalence=_EQUIVALENCES[verdict.equivalence],
        method=verdict.method,
        largest_difference=_point_to_proto(verdict.largest_difference),
        points=comparison.points,
        undefined_a=comparison.undefined_a,
        undefined_b=comparison.undefined_b,
        box={
            name: comparison_pb2.Interval(lower=interval.lower, upper=interval.upper)
            for name, interval in comparison.box.items()
        },
        terms=comparison_pb2.TermOverlap(
            strict=terms.strict, loose=terms.loose, terms_a=terms.terms_a, terms_b=terms.terms_b
        ),
        a_fitted=_text(verdict.a_fitted),
        b_fitted=_text(verdict.b_fitted),
        warnings=[report_pb2.Warning(code=w.code, message=w.message) for w in comparison.warnings],
    )


def _point_to_proto(point: FormulaPoint | None) -> comparison_pb2.FormulaPoint | None:
    if point is None:
        return None
    return comparison_pb2.FormulaPoint(
        inputs=point.inputs, a=point.a, b=point.b, relative_difference=point.relative_difference
    )


def _text(formula: Node | None) -> str:
    return "" if formula is None else to_text(formula)
