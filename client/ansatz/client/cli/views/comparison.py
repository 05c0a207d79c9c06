"""A comparison of two formulas, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli.views.text import number, short, warning_lines
from ansatz.client.results.comparison import Comparison, Equivalence

_SAID = {
    Equivalence.PROVED: "the same function",
    Equivalence.NUMERICAL: "equal at every point tried; not proved",
    Equivalence.REFUTED: "different",
    Equivalence.UNDETERMINED: "cannot be told: hardly any point lies where both are defined",
}


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison for scripts."""
    return {
        "state": "SUCCEEDED",
        "equivalent": comparison.equivalent,
        **asdict(comparison),
        "error": None,
        "violations": [],
    }


def comparison_view(comparison: Comparison) -> RenderableType:
    """Return the comparison for people."""
    lines = [f"{_SAID[comparison.equivalence]} (shown by: {comparison.method})", *_difference(comparison)]
    if comparison.a_fitted and comparison.b_fitted:
        lines += [f"a fitted to b: {short(comparison.a_fitted)}", f"b fitted to a: {short(comparison.b_fitted)}"]
    tried = ", ".join(f"{name} from {low:.6g} to {high:.6g}" for name, (low, high) in comparison.box.items())
    lines.append(f"tried: {comparison.points} points" + (f", {tried}" if tried else ""))
    terms = comparison.terms
    lines += [
        f"terms of a: {_listed(terms.terms_a)}; of b: {_listed(terms.terms_b)}",
        f"terms in common: {number(terms.strict)} with exponents, {number(terms.loose)} without",
    ]
    return Group(*map(Text, lines), *warning_lines(comparison.warnings))


def _difference(comparison: Comparison) -> list[str]:
    point = comparison.largest_difference
    if point is None or not point.relative_difference:
        return []
    place = ", ".join(f"{name} = {value:.6g}" for name, value in point.inputs.items()) or "everywhere"
    values = f"a = {point.a:.10g}, b = {point.b:.10g}"
    return [f"largest difference: {point.relative_difference:.3g} relative, at {place}: {values}"]


def _listed(terms: Sequence[str]) -> str:
    return ", ".join(terms) or "none"
