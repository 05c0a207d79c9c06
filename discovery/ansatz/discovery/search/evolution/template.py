"""The form around unknown parts as a template expression of PySR, and what PySR finds for it as a law.

PySR takes the form as Julia code, the arguments of `pysr.TemplateExpressionSpec`: the code is written here, from a tree
of our own. Its equations come back as ``f = #1 * 2.0; g = cos(#1); p = [9.81]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ansatz.discovery.errors import InvalidInputError
from ansatz.discovery.expression import (
    Apply,
    Node,
    Number,
    Variable,
    add,
    divide,
    multiply,
    substitute,
    subtract,
    to_text,
)
from ansatz.discovery.expression.node import INTEGRAL
from ansatz.discovery.problem.form import Form
from ansatz.discovery.search.evolution import hall_of_fame

_PARAMETERS: Final = "p"


@dataclass(frozen=True)
class _Quadrature:
    """Set how integrals are written out. Chosen by judgement: laws that are found are fitted exactly afterwards.

    Attributes:
        points: of Gauss and Legendre's rule.
    """

    points: int = 8


_QUADRATURE: Final = _Quadrature()


@dataclass(frozen=True, eq=False)
class Template:
    """Put the form around unknown parts for PySR.

    Attributes:
        form: of the problem.
        safe: PySR's names of its columns.
        inputs: the columns as formulas of these.
        y_scale: what the target is divided by.
    """

    form: Form
    safe: Sequence[str]
    inputs: Mapping[str, Node]
    y_scale: float

    def arguments(self) -> dict[str, Any]:
        """Return arguments of TemplateExpressionSpec as plain JSON values."""
        slots = {name: Variable(_slot(i)) for i, name in enumerate(self.form.constants, start=1)}
        outer = substitute(_summed(self.form.outer), {**self.inputs, **slots})
        outer = outer if self.y_scale == 1 else divide(outer, Number(self.y_scale))
        found: dict[str, Any] = {
            "combine": _in_julia(outer, len(slots)),
            "expressions": [part.name for part in self.form.parts],
            "variable_names": list(self.safe),
        }
        return {**found, "parameters": {_PARAMETERS: len(slots)}} if slots else found

    def law(self, equation: str) -> Node | None:
        """Return the law that an equation states; None where it is none (an infinite constant)."""
        try:
            found = hall_of_fame.template(equation)
            formulas = [substitute(found.functions[p.name], _arguments(p.arguments)) for p in self.form.parts]
        except (InvalidInputError, KeyError, ValueError):
            return None
        constants = found.parameters.get(_PARAMETERS, ())
        known = len(constants) == len(self.form.constants) and bool(np.all(np.isfinite(constants)))
        if not known or not self.form.admits(formulas):
            return None
        return self.form.law(formulas, constants)


def _arguments(names: Sequence[str]) -> dict[str, Node]:
    return {f"slot{i}": Variable(name) for i, name in enumerate(names, start=1)}


def _slot(i: int) -> str:
    return f"{_PARAMETERS}_{i}_"


def _in_julia(outer: Node, slots: int) -> str:
    """Return Julia code: our formulas are Julia's but for powers, and elements of a vector have brackets."""
    text = to_text(outer).replace("**", "^")
    for i in range(slots, 0, -1):
        text = text.replace(_slot(i), f"{_PARAMETERS}[{i}]")
    return text


def _summed(node: Node) -> Node:
    """Return a formula with integrals as weighted sums of their bodies."""
    if not isinstance(node, Apply):
        return node
    arguments = tuple(_summed(a) for a in node.args)
    if node.op != INTEGRAL or not isinstance(variable := node.args[1], Variable):
        return Apply(node.op, arguments)
    body, _, low, high = arguments
    middle, half = (multiply(Number(0.5), join(high, low)) for join in (add, subtract))
    total: Node | None = None
    for s, w in zip(*np.polynomial.legendre.leggauss(_QUADRATURE.points), strict=True):
        point = add(middle, multiply(Number(float(s)), half))
        term = multiply(Number(float(w)), substitute(body, {variable.name: point}))
        total = term if total is None else add(total, term)
    assert total is not None
    return multiply(half, total)
