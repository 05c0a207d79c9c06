"""A system of differential equations whose constants are free."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable
from ansatz.discovery.expression.derivative import ZERO, derivative
from ansatz.discovery.expression.node import NEGATION, Apply, rebuild
from ansatz.discovery.expression.numbers import free_positions, numbers, with_numbers
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.switches import Held, Switches
from ansatz.discovery.trajectories.tape import Tape


@dataclass(frozen=True)
class Slot:
    """Where a number of an equation takes its value from: a parameter, times a sign."""

    parameter: int
    sign: float = 1.0


@dataclass(frozen=True, eq=False)
class System:
    """Right-hand sides of the highest derivatives, one for each state, in the order of the states.

    `slots` maps (equation, position among its numbers) to the parameter that stands there; other numbers are fixed.
    """

    equations: tuple[Node, ...]
    slots: Mapping[tuple[int, int], Slot]

    @classmethod
    def of(cls, equations: Sequence[Node], fixed: Collection[float] = ()) -> System:
        """Return the system in which every number that a fit may change is a parameter.

        Numbers of the same size are one, with either sign. Those of a size in `fixed` stay as they are.
        """
        slots: dict[tuple[int, int], Slot] = {}
        known: dict[float, int] = {}
        for i, equation in enumerate(equations):
            values = numbers(equation)
            for k in free_positions(equation):
                value = float(values[k])
                if abs(value) not in fixed:
                    parameter = known.setdefault(abs(value), len(known))
                    slots[i, k] = Slot(parameter, 1.0 if value > 0 else -1.0)
        return cls(tuple(equations), slots)

    def places(self, parameter: int) -> list[tuple[int, int]]:
        """Return where a parameter stands."""
        return [place for place, slot in self.slots.items() if slot.parameter == parameter]

    def replaced(self, values: Mapping[int, float]) -> tuple[Node, ...]:
        """Return the equations with parameters at given values."""
        own = self.values
        for parameter, value in values.items():
            own[parameter] = value
        return self.with_values(own).equations

    @property
    def size(self) -> int:
        """Return the number of parameters."""
        return len({s.parameter for s in self.slots.values()})

    @cached_property
    def values(self) -> Array:
        """Return the parameters `(p,)` as the equations have them."""
        found = np.zeros(self.size)
        for (i, k), slot in self.slots.items():
            found[slot.parameter] = slot.sign * numbers(self.equations[i])[k]
        return found

    def with_values(self, values: Array) -> System:
        """Return the system with parameters `(p,)` at these values."""
        equations = []
        for i, equation in enumerate(self.equations):
            own = numbers(equation)
            for (e, k), slot in self.slots.items():
                if e == i:
                    own[k] = slot.sign * values[slot.parameter]
            equations.append(with_numbers(equation, own))
        return System(tuple(equations), self.slots)

    def compiled(self, record: Record, extra: Sequence[tuple[int, Node]] = ()) -> Compiled:
        """Return a program on the record's components.

        `extra` are (equation, term) whose coefficients, all 0, are parameters as well.
        """
        return Compiled(self, record, tuple(extra))

    def symbolic(self) -> tuple[Node, ...]:
        """Return the equations with parameters as variables."""
        return tuple(self._symbolic(i, equation) for i, equation in enumerate(self.equations))

    def _symbolic(self, i: int, equation: Node) -> Node:
        position = -1

        def leaf(node: Number | Variable) -> Node:
            nonlocal position
            if isinstance(node, Variable):
                return node
            position += 1
            slot = self.slots.get((i, position))
            if slot is None:
                return node
            parameter = Variable(parameter_name(slot.parameter))
            return parameter if slot.sign > 0 else Apply(NEGATION, (parameter,))

        return rebuild(equation, leaf)


def parameter_name(index: int) -> str:
    """Return the variable that stands for a parameter; no column can have this name."""
    return f"#{index}"


class Compiled:
    """Compute values and derivatives of a system's state vector, in one program.

    The state vector has D components: d states, and with order 2 their d rates; p parameters, then extra coefficients.
    """

    def __init__(self, system: System, record: Record, extra: tuple[tuple[int, Node], ...]) -> None:
        held = Held.of(system.symbolic())
        trees = held.equations
        parameters = [parameter_name(k) for k in range(system.size)]
        self.components = len(record.components)
        self.parameters = system.size + len(extra)
        self._fitted = system.size
        self._d = len(record.states)
        self._offset = self.components - self._d
        names = (*record.variables, *parameters)
        self.switches = Switches(held.inside, record.components, record.time, parameters, names)
        self._names = (*names, *held.sides)
        entries: list[tuple[int, int, Node]] = []
        for i, tree in enumerate(trees):
            row = self._offset + i
            entries += [(row, j, derivative(tree, name)) for j, name in enumerate(record.components)]
            entries += [(row, self.components + k, derivative(tree, name)) for k, name in enumerate(parameters)]
        first = self.components + system.size
        entries += [(self._offset + i, first + k, term) for k, (i, term) in enumerate(extra)]
        self._entries = [(row, column, node) for row, column, node in entries if node != ZERO]
        self._values = Tape(trees, self._names)
        self._all = Tape([*trees, *(node for _, _, node in self._entries)], self._names)

    def inside(self, z: Array, u: Array, t: Array, parameters: Array) -> Array:
        """Return the arguments of the signs in the equations, `(K, N)`."""
        return self.switches.values(self._variables(z, u, t, parameters), t.size)

    def inside_slopes(self, z: Array, u: Array, t: Array, parameters: Array) -> Array:
        """Return their derivatives by the components, all parameters, and time, `(K, D + p + 1, N)`."""
        found = self.switches.slopes(self._variables(z, u, t, parameters), t.size)
        extra = np.zeros((found.shape[0], self.parameters - self._fitted, t.size))
        return np.concatenate([found[:, :-1], extra, found[:, -1:]], axis=1)

    def rates(self, z: Array, u: Array, t: Array, parameters: Array, *, sides: Array | None = None) -> Array:
        """Return dz/dt `(D, N)` for z `(D, N)`, inputs u `(m, N)` and times t `(N,)`.

        `sides` `(K, N)` are the signs to be held, else what they are at z.
        """
        return self._stacked(z, self._values(self._held(z, u, t, parameters, sides)))

    def rates_and_slopes(
        self, z: Array, u: Array, t: Array, parameters: Array, w: Array, *, sides: Array | None = None
    ) -> tuple[Array, Array]:
        """Return dz/dt, and d/dt of the sensitivities w `(D, D + p, N)` to the initial z and the parameters."""
        found = self._all(self._held(z, u, t, parameters, sides))
        dw = np.zeros_like(w)
        for i in range(self._offset):
            dw[i] = w[self._offset + i]
        for (row, column, _), value in zip(self._entries, found[self._d :], strict=True):
            if column < self.components:
                dw[row] += value * w[column]
            else:
                dw[row, column] += value
        return self._stacked(z, found[: self._d]), dw

    def _variables(self, z: Array, u: Array, t: Array, parameters: Array) -> list[Array | float]:
        return [*z, *u, t, *parameters[: self._fitted]]

    def _held(self, z: Array, u: Array, t: Array, parameters: Array, sides: Array | None) -> list[Array | float]:
        if not self.switches.count:
            return self._variables(z, u, t, parameters)
        if sides is None:
            sides = np.sign(self.inside(z, u, t, parameters))
        return [*self._variables(z, u, t, parameters), *sides]

    def _stacked(self, z: Array, found: Sequence[Array | float]) -> Array:
        dz = np.empty_like(z)
        dz[: self._offset] = z[self._d :] if self._offset else 0.0
        for i, value in enumerate(found):
            dz[self._offset + i] = value
        return dz
