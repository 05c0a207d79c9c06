"""Formulas as a straight-line program: common parts computed once, every step one operation on whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable
from ansatz.discovery.expression.evaluate import numpy_function

Value = Array | float

_MOST_FACTORS: Final = 4
"""Whole powers up to this one are products: more factors gain little and round more."""


class Tape:
    """Evaluate several formulas of the same variables, compiled once, often."""

    def __init__(self, formulas: Sequence[Node], variables: Sequence[str]) -> None:
        self._steps: list[tuple[Callable[..., Array], int, tuple[int, ...]]] = []
        self._slots: dict[Node, int] = {Variable(name): i for i, name in enumerate(variables)}
        self._initial: list[Value] = [0.0] * len(variables)
        self._inputs = len(variables)
        self._outputs = [self._slot(formula) for formula in formulas]

    def __call__(self, values: Sequence[Value]) -> list[Value]:
        """Return the value of each formula, given those of the variables; warnings are the caller's matter."""
        cells = self._initial.copy()
        cells[: self._inputs] = values
        for function, out, arguments in self._steps:
            cells[out] = function(*[cells[a] for a in arguments])
        return [cells[i] for i in self._outputs]

    def _slot(self, node: Node) -> int:
        if node not in self._slots:
            self._slots[node] = self._new(node)
        return self._slots[node]

    def _new(self, node: Node) -> int:
        if isinstance(node, Number):
            return self._cell(node.value)
        if isinstance(node, Variable):
            raise ValueError(f"{node.name!r} is no variable of the tape")
        exponent = node.args[1] if node.op == "**" else None
        if isinstance(exponent, Number) and exponent.value in range(1, _MOST_FACTORS + 1):
            return self._whole_power(self._slot(node.args[0]), int(exponent.value))
        return self._step(numpy_function(node.op), *(self._slot(a) for a in node.args))

    def _whole_power(self, base: int, exponent: int) -> int:
        """Multiply, which is many times faster than a general power."""
        result = base
        for _ in range(exponent - 1):
            result = self._step(np.multiply, result, base)
        return result

    def _cell(self, value: float) -> int:
        self._initial.append(value)
        return len(self._initial) - 1

    def _step(self, function: Callable[..., Array], *arguments: int) -> int:
        out = self._cell(0.0)
        self._steps.append((function, out, arguments))
        return out
