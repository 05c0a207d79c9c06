"""Formulas of a given form: what stands in its holes."""

from __future__ import annotations

from collections.abc import Collection

from ansatz.discovery.expression.node import PARTS, Apply, Node, Number, Variable


def matched(form: Node, formula: Node, holes: Collection[str]) -> dict[str, Node] | None:
    """Return what the formula has where the form has the variables `holes`, or calls a part with plain arguments.

    It is None where the formula differs elsewhere, or has different things for one variable.
    """
    found: dict[str, Node] = {}
    return found if _matches(form, formula, holes, found) else None


def _matches(form: Node, formula: Node, holes: Collection[str], found: dict[str, Node]) -> bool:
    if isinstance(form, Variable) and form.name in holes:
        return found.setdefault(form.name, formula) == formula
    if isinstance(form, Number):
        return isinstance(formula, Number) and form.value == formula.value  # whatever it was called
    if not isinstance(form, Apply):
        return form == formula
    if form.op in PARTS:
        if form.op not in found and all(isinstance(a, Variable) for a in form.args):
            found[form.op] = formula
        return True
    return (
        isinstance(formula, Apply)
        and form.op == formula.op
        and len(form.args) == len(formula.args)
        and all(_matches(a, b, holes, found) for a, b in zip(form.args, formula.args, strict=True))
    )
