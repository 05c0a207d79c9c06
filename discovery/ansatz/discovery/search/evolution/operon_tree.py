"""Operon's trees as formulas and back, and this library's functions as Operon's primitives.

An Operon tree is a list of nodes in postfix order, the first argument last; every variable carries a coefficient.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

from ansatz.discovery.expression import Apply, Node, Number, Variable, add, call, divide, multiply, power

_OPERATORS: Final = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Pow": "**"}
_ONE: Final = Number(1.0)
# Neither min nor max: in pyoperon 0.6.2 the node Fmin computes the maximum.
_FUNCTIONS: Final = {
    "Abs": "abs", "Acos": "acos", "Asin": "asin", "Atan": "atan", "Cos": "cos", "Cosh": "cosh", "Exp": "exp",
    "Log": "log", "Sin": "sin", "Sinh": "sinh", "Sqrt": "sqrt", "Tan": "tan", "Tanh": "tanh",
}  # fmt: skip
_NODES: Final = {ours: node for node, ours in (*_OPERATORS.items(), *_FUNCTIONS.items())}
ALWAYS: Final = ("Add", "Sub", "Mul", "Div", "Square", "Constant", "Variable")


def primitives(functions: Collection[str]) -> tuple[str, ...]:
    """Return Operon's node types for arithmetic and these functions; functions that Operon lacks are left out."""
    return (*ALWAYS, *(node for node, function in _FUNCTIONS.items() if function in functions))


@dataclass(frozen=True)
class TreeNode:
    """Hold a node of an Operon tree.

    Attributes:
        type: name of Operon's node type.
        arity: number of arguments.
        value: of a constant, or the coefficient of a variable.
        variable: hash of Operon's variable; 0 for none.
    """

    type: str
    arity: int
    value: float
    variable: int


def to_formula(tree: Sequence[TreeNode], variables: Mapping[int, Node]) -> Node:
    """Return the formula of a tree; `variables` maps the hash of each of Operon's variables to what it stands for.

    Raises ValueError where a number is not finite, or the tree holds a node type that was not offered.
    """
    stack: list[Node] = []
    for node in tree:
        if node.type == "Constant":
            stack.append(Number(node.value))
        elif node.type == "Variable":
            variable = variables[node.variable]
            stack.append(variable if node.value == 1 else multiply(Number(node.value), variable))
        else:
            stack.append(_apply(node.type, [stack.pop() for _ in range(node.arity)]))
    (formula,) = stack
    return formula


def _apply(name: str, arguments: list[Node]) -> Node:
    if name in _FUNCTIONS:
        return call(_FUNCTIONS[name], *arguments)
    if name == "Square":
        return power(arguments[0], Number(2.0))
    if name not in _OPERATORS:
        raise ValueError(f"Operon's node {name} stands for nothing here")
    if len(arguments) > 1:
        return reduce(lambda left, right: Apply(_OPERATORS[name], (left, right)), arguments)
    if name == "Sub":
        return Apply("neg", (arguments[0],))
    return divide(_ONE, arguments[0]) if name == "Div" else arguments[0]


def to_tree(formula: Node, variables: Mapping[str, int]) -> tuple[TreeNode, ...]:
    """Return the tree of a formula whose only powers are squares; `variables` maps names to Operon's hashes of them.

    This is the inverse of `to_formula`, up to a number times a variable, which is the variable's coefficient. Raises
    ValueError for a function that Operon lacks.
    """
    if isinstance(formula, Number):
        return (TreeNode("Constant", 0, formula.value, 0),)
    if isinstance(formula, Variable):
        return (TreeNode("Variable", 0, 1.0, variables[formula.name]),)
    if formula.op == "neg":
        return to_tree(multiply(Number(-1.0), formula.args[0]), variables)
    if formula.op == "**":
        if formula.args[1] != Number(2.0):
            raise ValueError("a power other than a square")
        return (*to_tree(formula.args[0], variables), TreeNode("Square", 1, 1.0, 0))
    if formula.op not in _NODES:
        raise ValueError(f"Operon lacks {formula.op}")
    if formula.op == "*" and isinstance(formula.args[0], Number) and isinstance(formula.args[1], Variable):
        return (TreeNode("Variable", 0, formula.args[0].value, variables[formula.args[1].name]),)
    below = [node for argument in reversed(formula.args) for node in to_tree(argument, variables)]
    return (*below, TreeNode(_NODES[formula.op], len(formula.args), 1.0, 0))


def affine(formula: Node, slope: float, intercept: float) -> Node:
    """Return slope * formula + intercept, without the parts that do nothing."""
    scaled = formula if slope == 1 else multiply(Number(slope), formula)
    return scaled if intercept == 0 else add(scaled, Number(intercept))
