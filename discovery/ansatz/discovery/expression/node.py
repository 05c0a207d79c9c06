"""The tree of a formula: numbers, variables, and operators or functions applied to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

BINARY_OPERATORS: Final = ("+", "-", "*", "/", "**")
UNARY_FUNCTIONS: Final = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs", "sign",
)  # fmt: skip
BINARY_FUNCTIONS: Final = ("min", "max")
FUNCTIONS: Final = (*UNARY_FUNCTIONS, *BINARY_FUNCTIONS)
NEGATION: Final = "neg"
INTEGRAL: Final = "integral"
"""integral(body, t, a, b): the body, in which t stands for nothing else, from a to b."""
PARTS: Final = ("f", "g", "h")
"""Unknown functions of an ansatz, of one to eight arguments each."""
MAX_PART_ARGUMENTS: Final = 8
LAW: Final = "law"
"""All that is unknown of an ansatz, as one tree: the formulas of its unknown parts, then its free constants."""

_ARITY: Final[Mapping[str, int]] = {
    **dict.fromkeys(BINARY_OPERATORS, 2),
    **dict.fromkeys(UNARY_FUNCTIONS, 1),
    **dict.fromkeys(BINARY_FUNCTIONS, 2),
    NEGATION: 1,
    INTEGRAL: 4,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A finite float64 literal, dimensionless unless the formula gives it a unit.

    One that has a `name` was given by it, as pi: no fit changes it, and it prints as its literal. KEPT stands for a
    literal that its caller wants kept.
    """

    value: float
    name: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a number of a formula must be finite, not {self.value}")
        if self.value == 0:  # -0.0 would print as 0 and divide as -0
            object.__setattr__(self, "value", 0.0)

    @property
    def is_free(self) -> bool:
        """Return whether a fit may change it: it is no integer and was not given by a name."""
        return not (self.name or is_integer(self.value))


PI: Final = Number(math.pi, "pi")
KEPT: Final = "(kept)"
"""The name of a literal that stays as it was given; no name of the grammar."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An input, by its name in formulas (an identifier)."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function applied to its arguments."""

    op: str
    args: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not _takes(self.op, len(self.args)):
            raise ValueError(f"{self.op!r} is no operator or function of {len(self.args)} arguments")


Node = Number | Variable | Apply


def _takes(op: str, arguments: int) -> bool:
    if op in PARTS:
        return 1 <= arguments <= MAX_PART_ARGUMENTS
    return arguments >= 1 if op == LAW else arguments == _ARITY.get(op, -1)


def add(left: Node, right: Node) -> Node:
    return Apply("+", (left, right))


def subtract(left: Node, right: Node) -> Node:
    return Apply("-", (left, right))


def multiply(left: Node, right: Node) -> Node:
    return Apply("*", (left, right))


def divide(left: Node, right: Node) -> Node:
    return Apply("/", (left, right))


def power(base: Node, exponent: Node) -> Node:
    return Apply("**", (base, exponent))


def call(function: str, *arguments: Node) -> Node:
    return Apply(function, arguments)


def walk(node: Node) -> Iterator[Node]:
    """Yield all nodes, each operator between its operands: the order in which they are printed."""
    if isinstance(node, Apply):
        if node.op in BINARY_OPERATORS:
            yield from walk(node.args[0])
            yield node
            yield from walk(node.args[1])
        else:
            yield node
            for argument in node.args:
                yield from walk(argument)
    else:
        yield node


def complexity(node: Node) -> int:
    """Return nodes of the binary tree: operators, functions, variables, constants."""
    return 1 + sum(complexity(a) for a in node.args) if isinstance(node, Apply) else 1


def depth(node: Node) -> int:
    """Return nodes on the longest way from the root to a leaf."""
    return 1 + max(depth(a) for a in node.args) if isinstance(node, Apply) else 1


def variables(node: Node) -> tuple[str, ...]:
    """Return names of the variables, each once, in order of appearance; that of an integral is none outside it."""
    return tuple(dict.fromkeys(_free(node)))


def _free(node: Node) -> Iterator[str]:
    if isinstance(node, Variable):
        yield node.name
    elif isinstance(node, Apply):
        if node.op == INTEGRAL:
            body, bound, *limits = node.args
            yield from (name for name in _free(body) if Variable(name) != bound)
            for limit in limits:
                yield from _free(limit)
        else:
            for argument in node.args:
                yield from _free(argument)


def calls(node: Node, *operators: str) -> Iterator[Apply]:
    """Its applications of these operators or functions, in the order of `walk`."""
    return (n for n in walk(node) if isinstance(n, Apply) and n.op in operators)


def is_integer(value: float) -> bool:
    return value == math.floor(value) and abs(value) < 2.0**53


def constants(node: Node) -> tuple[float, ...]:
    """Return every number that a fit may change, exponents included, in order of appearance."""
    return tuple(n.value for n in walk(node) if isinstance(n, Number) and n.is_free)


def rebuild(node: Node, leaf: Callable[[Number | Variable], Node]) -> Node:
    """Return the tree with each leaf replaced by `leaf(leaf)`, visited in order of appearance."""
    if isinstance(node, Apply):
        return Apply(node.op, tuple(rebuild(a, leaf) for a in node.args))
    return leaf(node)


def substitute(node: Node, replacements: Mapping[str, Node]) -> Node:
    """Return the tree with the named variables replaced by trees; those of integrals stay."""
    if isinstance(node, Variable):
        return replacements.get(node.name, node)
    if not isinstance(node, Apply):
        return node
    if node.op == INTEGRAL and isinstance(bound := node.args[1], Variable):
        inside = {name: tree for name, tree in replacements.items() if name != bound.name}
        limits = (substitute(a, replacements) for a in node.args[2:])
        return Apply(node.op, (substitute(node.args[0], inside), bound, *limits))
    return Apply(node.op, tuple(substitute(a, replacements) for a in node.args))


def exponent_positions(formula: Node) -> frozenset[int]:
    """Positions, among all numbers, of those that are exponents by themselves."""
    found: set[int] = set()
    count = 0

    def visit(node: Node, is_exponent: bool) -> None:
        nonlocal count
        if isinstance(node, Number):
            if is_exponent:
                found.add(count)
            count += 1
        elif isinstance(node, Apply):
            for i, argument in enumerate(node.args):
                visit(argument, node.op == "**" and i == 1)

    visit(formula, False)
    return frozenset(found)
