"""Derivatives of a formula with respect to its numbers, in float64.

As in `evaluate`, what lies outside a function's domain is NaN, and no warning is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.evaluate import Array, apply_function
from ansatz.discovery.expression.node import Node, Number, Variable

# d f(u)/du given u and f(u).
_SLOPE: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "exp": lambda u, f: f,
    "log": lambda u, f: 1 / u,
    "sqrt": lambda u, f: 0.5 / f,
    "sin": lambda u, f: np.cos(u),
    "cos": lambda u, f: -np.sin(u),
    "tan": lambda u, f: 1 + f * f,
    "asin": lambda u, f: 1 / np.sqrt(1 - u * u),
    "acos": lambda u, f: -1 / np.sqrt(1 - u * u),
    "atan": lambda u, f: 1 / (1 + u * u),
    "sinh": lambda u, f: np.cosh(u),
    "cosh": lambda u, f: np.sinh(u),
    "tanh": lambda u, f: 1 - f * f,
    "abs": lambda u, f: np.sign(u),
    "sign": lambda u, f: np.zeros_like(u),
    tree.NEGATION: lambda u, f: -np.ones_like(u),
}


def values_and_jacobian(
    node: Node, columns: Mapping[str, Array], rows: int, free: Sequence[int]
) -> tuple[Array, Array]:
    """Values of shape (rows,) and derivatives of shape (rows, len(free)), at the numbers as they stand.

    `free` are positions among the numbers of the formula (all of them, integers included), in order of appearance.
    """
    program = Program(node, columns, rows, free)
    return program.values(program.start), program.jacobian()


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation on registers that changes with the free numbers; `moving`: which of its arguments change."""

    op: str
    result: int
    arguments: tuple[int, ...]
    moving: tuple[bool, ...]


class Program:
    """A formula on fixed columns, as a function of its free numbers.

    What holds no free number is computed once; the rest runs as a list of steps on registers, forwards for the values
    and backwards for the derivatives (reverse-mode differentiation: the cost is a small multiple of one evaluation,
    whatever the number of constants). `start` are the free numbers as they stand in the formula, shape (len(free),).
    """

    def __init__(self, node: Node, columns: Mapping[str, Array], rows: int, free: Sequence[int]) -> None:
        self._columns = columns
        self._rows = rows
        self._slots: dict[int, int] = {position: j for j, position in enumerate(free)}
        self._registers: list[Array] = []
        self._steps: list[_Step] = []
        self._inputs: dict[int, int] = {}  # register -> which free number
        self._counted = 0
        self.start = np.zeros(len(free))
        with np.errstate(all="ignore"):
            self._root, _ = self._compile(node)

    def values(self, numbers: Array) -> Array:
        """Values of shape (rows,) at the free numbers, shape (len(free),)."""
        registers = self._registers
        for register, j in self._inputs.items():
            registers[register] = numbers[j]
        with np.errstate(all="ignore"):
            for step in self._steps:
                registers[step.result] = apply_function(step.op, *[registers[a] for a in step.arguments])
        value = registers[self._root]
        return value if value.ndim else np.full(self._rows, value)

    def jacobian(self) -> Array:
        """Derivatives, shape (rows, len(free)), at the numbers that `values` was last called with."""
        adjoints: dict[int, Array] = {self._root: np.array(1.0)}
        registers = self._registers
        with np.errstate(all="ignore"):
            for step in reversed(self._steps):
                adjoint = adjoints.pop(step.result)
                parts = _pulled_back(step, [registers[a] for a in step.arguments], registers[step.result], adjoint)
                for argument, moves, part in zip(step.arguments, step.moving, parts, strict=True):
                    if moves:
                        adjoints[argument] = part
        jacobian = np.zeros((self._rows, self.start.size), order="F")
        for register, j in self._inputs.items():
            jacobian[:, j] = adjoints[register]
        return jacobian

    def _compile(self, node: Node) -> tuple[int, bool]:
        """The register of a node, and whether it changes with the free numbers."""
        if isinstance(node, Number):
            j = self._slots.get(self._counted)
            self._counted += 1
            register = self._register(np.array(node.value)[()])
            if j is not None:
                self._inputs[register] = j
                self.start[j] = node.value
            return register, j is not None
        if isinstance(node, Variable):
            return self._register(self._columns[node.name]), False
        compiled = [self._compile(a) for a in node.args]
        arguments = tuple(register for register, _ in compiled)
        moving = tuple(moves for _, moves in compiled)
        if any(moving):
            register = self._register(np.array(np.nan)[()])
            self._steps.append(_Step(node.op, register, arguments, moving))
            return register, True
        return self._register(apply_function(node.op, *[self._registers[a] for a in arguments])), False

    def _register(self, value: Array) -> int:
        self._registers.append(value)
        return len(self._registers) - 1


def _pulled_back(step: _Step, arguments: Sequence[Array], value: Array, adjoint: Array) -> tuple[Array, ...]:
    """The adjoints of the arguments of a step."""
    op = step.op
    if len(arguments) == 1:
        return (adjoint * _SLOPE[op](arguments[0], value),)
    u, v = arguments
    if op == "+":
        return adjoint, adjoint
    if op == "-":
        return adjoint, -adjoint
    if op == "*":
        return adjoint * v, adjoint * u
    if op == "/":
        over = adjoint / v
        return over, -over * value if step.moving[1] else over
    if op == "**":
        to_base = adjoint * v * np.power(u, v - 1) if step.moving[0] else adjoint
        # 0**p has slope 0 in p for p > 0, where the product says NaN.
        to_exponent = np.where((u == 0) & (v > 0), 0.0, value * np.log(u)) * adjoint if step.moving[1] else adjoint
        return to_base, to_exponent
    first = u <= v if op == "min" else u >= v
    return adjoint * np.where(first, 1.0, 0.0), adjoint * np.where(first, 0.0, 1.0)
