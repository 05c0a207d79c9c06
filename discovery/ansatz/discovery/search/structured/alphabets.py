"""Alphabets: a few functions of a few inputs, in which a law may be algebraic.

An alphabet is the inputs and one or two functions of them: exponentials, logarithms, roots, norms, waves. Some stand in
the place of their input (cos x for x), the others beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import FUNCTIONS, Apply, Array, add, call, divide, multiply, subtract, walk
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.terms import Atom, inputs


@dataclass(frozen=True)
class _Limits:
    """Say which letters are of use in an exact relation. Chosen by judgement, by the rounding of float64.

    Attributes:
        largest_exponent: of an exponential: beyond it the other terms drown in its rounding.
        least_range: of a letter, over its largest value: a constant is no letter.
    """

    largest_exponent: float = 40.0
    least_range: float = 1e-6


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Letter:
    """Name an atom beside the inputs.

    Attributes:
        atom: its formula and values.
        kind: of its function: two letters of one kind go together.
        plain: whether it is a function of one input as it is.
        instead: position of the input in whose place it stands; None where it stands beside them.
    """

    atom: Atom
    kind: str
    plain: bool
    instead: int | None = None


@dataclass(frozen=True, eq=False)
class Alphabet:
    """List the atoms of which terms are made, inputs first."""

    atoms: tuple[Atom, ...]


def alphabets(problem: Problem, letters: int) -> Iterator[Alphabet]:
    """Yield all alphabets of so many letters (0, 1 or 2): two of one kind, or of different kinds if both are plain.

    With none, an input x may still be replaced by 1 ± x.
    """
    base = inputs(problem)
    found = list(_letters(problem, base)) if letters else []
    if not letters:
        for letter in _shifted(base):
            yield Alphabet((*(a for j, a in enumerate(base) if j != letter.instead), letter.atom))
    for chosen in combinations(found, letters):
        kinds = frozenset(letter.kind for letter in chosen)
        gone = [letter.instead for letter in chosen if letter.instead is not None]
        if (len(kinds) == letters > 1 and not all(letter.plain for letter in chosen)) or len(set(gone)) < len(gone):
            continue
        kept = [atom for j, atom in enumerate(base) if j not in gone]
        yield Alphabet((*kept, *(letter.atom for letter in chosen)))


def _letters(problem: Problem, base: Sequence[Atom]) -> Iterator[Letter]:
    """Yield the letters that are defined on all rows and allowed."""
    for make in (_waves, _logarithms, _roots, _norms, _exponentials, _hyperbolic):
        for letter in make(base):
            values = letter.atom.values
            called = {n.op for n in walk(letter.atom.node) if isinstance(n, Apply) and n.op in FUNCTIONS}
            varies = np.all(np.isfinite(values)) and np.ptp(values) > _LIMITS.least_range * np.max(np.abs(values))
            if called <= problem.functions and varies:
                yield letter


def _apply(name: str, function: Callable[[Array], Array], atom: Atom) -> Atom:
    with np.errstate(all="ignore"):
        return Atom(call(name, atom.node), function(atom.values))


def _reciprocal(atom: Atom) -> Atom:
    with np.errstate(all="ignore"):
        return Atom(divide(build.ONE, atom.node), 1 / atom.values)


@np.errstate(all="ignore")
def _square(atom: Atom) -> Atom:
    return Atom(build.raised(atom.node, 2.0), atom.values**2)


@np.errstate(all="ignore")
def _plus(a: Atom, b: Atom) -> Atom:
    return Atom(add(a.node, b.node), a.values + b.values)


@np.errstate(all="ignore")
def _minus(a: Atom, b: Atom) -> Atom:
    return Atom(subtract(a.node, b.node), a.values - b.values)


@np.errstate(all="ignore")
def _times(factor: float, atom: Atom) -> Atom:
    return Atom(build.scaled(factor, atom.node), factor * atom.values)


def _one(base: Sequence[Atom]) -> Atom:
    return Atom(build.ONE, np.ones_like(base[0].values))


def _ratios(base: Sequence[Atom]) -> list[Atom]:
    """Return x*y, x/y and y/x of all pairs."""
    found = []
    with np.errstate(all="ignore"):
        for a, b in combinations(base, 2):
            found.append(Atom(multiply(a.node, b.node), a.values * b.values))
            found.append(Atom(divide(a.node, b.node), a.values / b.values))
            found.append(Atom(divide(b.node, a.node), b.values / a.values))
    return found


def _waves(base: Sequence[Atom]) -> Iterator[Letter]:
    for j, x in enumerate(base):
        for factor in (1.0, 0.5):
            for name, function in (("cos", np.cos), ("sin", np.sin)):
                letter = _apply(name, function, _times(factor, x))
                yield Letter(letter, "wave", factor == 1.0, j)
                if name == "sin" and factor == 1.0:
                    yield Letter(letter, "wave", False)
    for product in _ratios(base)[::3]:
        for name, function in (("cos", np.cos), ("sin", np.sin)):
            yield Letter(_apply(name, function, product), "wave", False)


def _shifted(base: Sequence[Atom]) -> Iterator[Letter]:
    one = _one(base)
    for j, x in enumerate(base):
        yield Letter(_plus(one, x), "shifted", False, j)
        yield Letter(_minus(one, x), "shifted", False, j)


def _logarithms(base: Sequence[Atom]) -> Iterator[Letter]:
    one = _one(base)
    for x in base:
        yield Letter(_apply("log", np.log, x), "log", True)
        for inside in (_plus(one, x), _minus(one, x), _plus(one, _square(x)), _minus(one, _square(x))):
            yield Letter(_apply("log", np.log, inside), "log", False)
        yield Letter(_apply("log", np.log, _plus(one, _square(_reciprocal(x)))), "log", False)


def _roots(base: Sequence[Atom]) -> Iterator[Letter]:
    one = _one(base)
    for x in base:
        yield Letter(_apply("sqrt", np.sqrt, x), "root", True)
        for factor in (1.0, 2.0, 4.0):
            yield Letter(_apply("sqrt", np.sqrt, _plus(one, _times(factor, x))), "root", True)
        yield Letter(_apply("sqrt", np.sqrt, _minus(one, x)), "root", True)
        yield Letter(_apply("sqrt", np.sqrt, _plus(one, _square(x))), "root", True)
        yield Letter(_apply("sqrt", np.sqrt, _minus(one, _square(x))), "root", True)
    for a, b in combinations(base, 2):
        yield Letter(_apply("sqrt", np.sqrt, _plus(a, b)), "root", False)


def _norms(base: Sequence[Atom]) -> Iterator[Letter]:
    """Yield distances in the plane: of (a, b) and (±c, 0), and the third side of a triangle."""
    one = _one(base)
    for a, b in combinations(base, 2):
        yield Letter(_apply("sqrt", np.sqrt, _plus(_square(a), _square(b))), "norm", False)
    for c in (one, *base):
        for a in base:
            for b in base:
                if len({id(a), id(b), id(c)}) == 3:
                    yield Letter(_apply("sqrt", np.sqrt, _plus(_square(_minus(c, a)), _square(b))), "norm", False)
                    yield Letter(_apply("sqrt", np.sqrt, _plus(_square(_plus(c, a)), _square(b))), "norm", False)
    for angle in base:
        for a, b in combinations((one, *base), 2):
            if angle is not a and angle is not b:
                yield Letter(_apply("sqrt", np.sqrt, _third_side(a, b, angle)), "norm", False)


@np.errstate(all="ignore")
def _third_side(a: Atom, b: Atom, angle: Atom) -> Atom:
    """Return the square of a triangle's third side, a**2 + b**2 - 2*a*b*cos(angle)."""
    product = a.node if b.node == build.ONE else b.node if a.node == build.ONE else multiply(a.node, b.node)
    twice = build.scaled(2.0, multiply(product, call("cos", angle.node)))
    squares = add(*(x.node if x.node == build.ONE else build.raised(x.node, 2.0) for x in (a, b)))
    values = a.values**2 + b.values**2 - 2 * a.values * b.values * np.cos(angle.values)
    return Atom(subtract(squares, twice), values)


def _exponentials(base: Sequence[Atom]) -> Iterator[Letter]:
    arguments = [*base, *(_reciprocal(x) for x in base), *_ratios(base), *(_square(x) for x in base)]
    for sign in (-1.0, 1.0):
        for k, argument in enumerate(arguments):
            if np.max(np.abs(argument.values)) < _LIMITS.largest_exponent:
                kind = "decay" if sign < 0 else "growth"
                yield Letter(_apply("exp", np.exp, _signed(sign, argument)), kind, k < len(base))


def _signed(sign: float, atom: Atom) -> Atom:
    return atom if sign > 0 else Atom(build.scaled(-1.0, atom.node), -atom.values)


def _hyperbolic(base: Sequence[Atom]) -> Iterator[Letter]:
    for argument in (*base, *(_reciprocal(x) for x in base), *_ratios(base)):
        yield Letter(_apply("tanh", np.tanh, argument), "tanh", False)
        yield Letter(_apply("atan", np.arctan, argument), "atan", False)
