"""Formulas whose constants are free: families of functions, fitted to values and compared by structure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, Variable, evaluate, simplify, values_and_jacobian
from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.node import NEGATION, exponent_positions
from ansatz.discovery.expression.numbers import numbers, with_numbers
from ansatz.discovery.fit.minpack import Stop, minimise


@dataclass(frozen=True)
class _Fit:
    """Say how a family is fitted to another's values. Chosen by judgement.

    Attributes:
        starts: from which its constants are fitted.
        outside: a residual outside the domain: large enough to turn back, small enough to square.
        exact: relative error at which no further start is needed: rounding.
    """

    starts: int = 12
    outside: float = 1e30
    exact: float = 1e-14


_FIT: Final = _Fit()
_STOP: Final = Stop(ftol=1e-15, xtol=1e-15, evaluations=400)
"""To the last digit: whether one family holds another is asked of what is left. Evaluations by judgement."""
_FREE: Final = (0, repr(("free",)))
"""A free constant among the parts of a sum or a product."""


@dataclass(frozen=True)
class Family:
    """A formula with free constants: `formula` has numbers for all of them, `parameters` are groups of positions among
    its numbers that have one value, in order of appearance."""

    formula: Node
    parameters: tuple[tuple[int, ...], ...]

    @property
    def values(self) -> Array:
        """Return the free constants as they stand, one for each group."""
        return numbers(self.formula)[[group[0] for group in self.parameters]]


def family(formula: Node, names: Collection[str], seed: int) -> Family:
    """Return the family of a formula: its numbers that are neither integers, exponents nor given by a name are free.

    So are the variables of these names, each with one value wherever it stands, near 1 to start from.
    """
    rng = np.random.default_rng(seed)
    starts = {name: float(rng.uniform(0.5, 1.5)) for name in sorted(names)}
    leaves = [n for n in tree.walk(formula) if isinstance(n, Number) or (isinstance(n, Variable) and n.name in starts)]
    filled = tree.substitute(formula, {name: Number(value) for name, value in starts.items()})
    exponents = exponent_positions(filled)
    groups: dict[str | int, list[int]] = {}
    for position, leaf in enumerate(leaves):
        if isinstance(leaf, Variable):
            groups.setdefault(leaf.name, []).append(position)
        elif isinstance(leaf, Number) and leaf.is_free and position not in exponents:
            groups[position] = [position]
    return Family(filled, tuple(map(tuple, groups.values())))


def fitted_to(made: Family, other: Family, target: Array, columns: Mapping[str, Array], seed: int) -> Node:
    """Return the member of a family that is nearest to target values, shape (n,), which those of `other` are.

    It is found by least squares from many starts: the first as the formula stands, the second with the constants of
    `other`.
    """
    rows = np.flatnonzero(np.isfinite(target) & np.isfinite(evaluate(made.formula, columns, target.size)))
    if not made.parameters or rows.size < len(made.parameters):
        return made.formula
    objective = _Objective(made, target[rows], {name: column[rows] for name, column in columns.items()})
    best, least = made.values, objective.error(made.values)
    for start in _starts(made, other, seed):
        if least <= _FIT.exact:
            break
        found = objective.minimise(start)
        if (error := objective.error(found)) < least:
            best, least = found, error
    return objective.member(best)


def _starts(made: Family, other: Family, seed: int) -> Iterator[Array]:
    yield made.values
    if other.values.size == made.values.size:
        yield other.values
    rng = np.random.default_rng(seed)
    for _ in range(_FIT.starts):
        yield made.values * 10 ** rng.uniform(-1, 1, made.values.size) * rng.choice((-1, 1), made.values.size)


class _Objective:
    """Errors of a family's members at points.

    Values are compared through y/(s + |y|), s their median size, so that neither poles nor decades of values decide:
    where these are equal, the values are.
    """

    def __init__(self, made: Family, target: Array, columns: Mapping[str, Array]) -> None:
        self._made, self._target, self._columns = made, target, columns
        self._numbers = numbers(made.formula)
        self._positions = [p for group in made.parameters for p in group]
        self._owner = np.array([i for i, group in enumerate(made.parameters) for _ in group])
        self._size = float(np.median(np.abs(target))) or 1.0
        self._saturated = target / (self._size + np.abs(target))

    def member(self, constants: Array) -> Node:
        return with_numbers(self._made.formula, self._filled(constants))

    def error(self, constants: Array) -> float:
        """Return the root mean square of the errors; inf where a value is not finite."""
        if not np.all(np.isfinite(constants)):
            return math.inf
        error = float(np.sqrt(np.mean(self._at(constants)[0] ** 2)))
        return error if error < _FIT.outside / self._target.size else math.inf

    def minimise(self, start: Array) -> Array:
        found = minimise(self._at, start, _STOP)
        return start if found is None else found

    def _filled(self, constants: Array) -> Array:
        filled = self._numbers.copy()
        filled[self._positions] = constants[self._owner]
        return filled

    def _at(self, constants: Array) -> tuple[Array, Array]:
        rows, filled = self._target.size, self._filled(constants)
        if not np.all(np.isfinite(filled)):
            return np.full(rows, _FIT.outside), np.zeros((rows, constants.size))
        values, slopes = values_and_jacobian(self._made.formula, self._columns, rows, self._positions, filled)
        jacobian = np.zeros((rows, constants.size))
        for column, owner in enumerate(self._owner):
            jacobian[:, owner] += slopes[:, column]
        with np.errstate(all="ignore"):
            whole = self._size + np.abs(values)
            error, jacobian = values / whole - self._saturated, jacobian * (self._size / whole**2)[:, None]
        return np.where(np.isfinite(error), error, _FIT.outside), np.where(np.isfinite(jacobian), jacobian, 0.0)


def same_structure(a: Family, b: Family, positive: Collection[str], seed: int) -> bool:
    """Return whether the canonical forms of two families differ in nothing but the values of their free constants.

    Families in which one constant stands at several places are not told so.
    """
    tied = any(len(group) > 1 for made in (a, b) for group in made.parameters)
    if tied or len(a.parameters) != len(b.parameters):
        return False
    left, right = (_skeleton(_generic(made, positive, seed)) for made in (a, b))
    return bool(left == right)


def _generic(made: Family, positive: Collection[str], seed: int) -> Node:
    """Return the canonical form, with values of the constants between which nothing cancels by chance."""
    rng = np.random.default_rng(seed)
    filled = numbers(made.formula)
    filled[[p for group in made.parameters for p in group]] = rng.uniform(0.5, 1.5, len(made.parameters))
    return simplify(with_numbers(made.formula, filled), positive)


def _skeleton(node: Node, exponent: bool = False) -> Any:
    """Return a formula without the values of its free constants, equal for all orders of its terms and factors."""
    if isinstance(node, Number):
        return ("free",) if node.is_free and not exponent else ("number", node.value)
    if isinstance(node, Variable):
        return ("variable", node.name)
    if node.op in ("+", "-"):
        return _joined("sum", _terms(node, 1))
    if node.op in ("*", "/", NEGATION):
        return _joined("product", _factors(node, 1))
    if node.op == "**":
        return ("power", _skeleton(node.args[0]), _skeleton(node.args[1], exponent=True))
    return (node.op, *map(_skeleton, node.args))


def _joined(kind: str, parts: list[tuple[int, str]]) -> Any:
    """Return a sum or a product; a free constant in it takes in the numbers beside it, such as pi."""
    if _FREE in parts:
        parts = [part for part in parts if not part[1].startswith("('number'")]
    return ("free",) if parts == [_FREE] else (kind, *sorted(parts))


def _terms(node: Node, sign: int) -> list[tuple[int, str]]:
    """Return signed terms; the sign of a free coefficient is part of it."""
    if isinstance(node, Apply) and node.op in ("+", "-"):
        return _terms(node.args[0], sign) + _terms(node.args[1], sign if node.op == "+" else -sign)
    if isinstance(node, Apply) and node.op == NEGATION:
        return _terms(node.args[0], -sign)
    key = _skeleton(node)
    free = key == ("free",) or (key[0] == "product" and any(power == 0 for power, _ in key[1:]))
    return [(0 if free else sign, repr(key))]


def _factors(node: Node, exponent: int) -> list[tuple[int, str]]:
    """Return factors with exponent 1 or -1; a free one has 0: its reciprocal is as free."""
    if isinstance(node, Apply) and node.op in ("*", "/"):
        second = exponent if node.op == "*" else -exponent
        return _factors(node.args[0], exponent) + _factors(node.args[1], second)
    if isinstance(node, Apply) and node.op == NEGATION:
        return [*_factors(node.args[0], exponent), (1, "minus")]  # a free factor beside it would have taken it in
    key = _skeleton(node)
    return [(0 if key == ("free",) else exponent, repr(key))]
