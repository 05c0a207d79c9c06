"""Formulas as trees: parse, print, evaluate, differentiate, measure, simplify."""

from ansatz.discovery.expression.evaluate import Array, evaluate, values_and_jacobian
from ansatz.discovery.expression.grammar import parse
from ansatz.discovery.expression.node import (
    FUNCTIONS,
    Apply,
    Node,
    Number,
    Variable,
    add,
    call,
    complexity,
    constants,
    divide,
    multiply,
    power,
    substitute,
    subtract,
    variables,
    walk,
)
from ansatz.discovery.expression.printing import to_latex, to_numpy, to_text
from ansatz.discovery.expression.simplify import simplify

__all__ = [
    "FUNCTIONS",
    "Apply",
    "Array",
    "Node",
    "Number",
    "Variable",
    "add",
    "call",
    "complexity",
    "constants",
    "divide",
    "evaluate",
    "multiply",
    "parse",
    "power",
    "simplify",
    "substitute",
    "subtract",
    "to_latex",
    "to_numpy",
    "to_text",
    "values_and_jacobian",
    "variables",
    "walk",
]
