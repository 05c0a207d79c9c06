"""How a family of laws is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Final

from ansatz.discovery.expression import FUNCTIONS, Apply, Node, Variable, parse, variables, walk
from ansatz.discovery.expression.node import NEGATION, calls

SELF: Final = "y"
"""The name by which an implicit law speaks of its own value."""


@dataclass(frozen=True)
class Bounds:
    """Say between what constants lie, unless a law says otherwise. Chosen by judgement; variables are about 1.

    Attributes:
        own: of positive constants of formulas that no catalogue has: nearly all of float64.
        amplitude: of linear positive constants, which have the unit of the values.
        positive: of other positive constants.
        exponent: of positive exponents.
        usual: of exponents and rates, where searches for them start.
    """

    own: tuple[float, float] = (1e-250, 1e250)
    amplitude: tuple[float, float] = (1e-200, 1e200)
    positive: tuple[float, float] = (1e-9, 1e12)
    exponent: tuple[float, float] = (1e-4, 30.0)
    usual: tuple[float, float] = (0.02, 2.0)


BOUNDS: Final = Bounds()


@dataclass(frozen=True)
class Parameter:
    """A constant of a law in the form that is fitted.

    Attributes:
        name: in that form.
        lower: its lower bound.
        upper: its upper bound.
        start_lower: the least value from which searches start.
        start_upper: the largest value from which searches start.
        logarithmic: whether it is positive and moves by factors.
        linear: whether the law is linear in it, so that it is solved for and needs no start.
    """

    name: str
    lower: float = -inf
    upper: float = inf
    start_lower: float = 0.0
    start_upper: float = 0.0
    logarithmic: bool = False
    linear: bool = False


def floor(name: str) -> Parameter:
    """Return a linear constant ≥ 0."""
    return Parameter(name, lower=0.0, linear=True)


def offset(name: str) -> Parameter:
    """Return a linear constant of either sign."""
    return Parameter(name, linear=True)


def amplitude(name: str) -> Parameter:
    """Return a linear constant > 0."""
    lower, upper = BOUNDS.amplitude
    return Parameter(name, lower, upper, logarithmic=True, linear=True)


def positive(
    name: str, low: float, high: float, upper: float = BOUNDS.positive[1], lower: float = BOUNDS.positive[0]
) -> Parameter:
    """Return a constant > 0 that usually lies between `low` and `high`."""
    return Parameter(name, lower, upper, low, high, logarithmic=True)


def real(name: str, low: float, high: float, lower: float = -inf, upper: float = inf) -> Parameter:
    """Return a constant that usually lies between `low` and `high`."""
    return Parameter(name, lower, upper, low, high)


def exponent(name: str, low: float = BOUNDS.usual[0], high: float = BOUNDS.usual[1]) -> Parameter:
    """Return a positive exponent."""
    lower, upper = BOUNDS.exponent
    return positive(name, low, high, upper, lower)


@dataclass(frozen=True)
class Law:
    """A family: a law up to its constants and the columns it speaks of.

    An implicit law holds its own value as `y`.

    Attributes:
        name: by which the law is known.
        title: what a reader calls it.
        variables: names that stand for columns.
        formula: its published form, in terms of `variables` and its constants.
        parameters: the constants of the form that is fitted.
        source: where it was published.
        fit: an equivalent form that is better conditioned, in terms of `parameters`; empty where there is none.
        published: the published constants in terms of the parameters, and of `x_` for the scale of a variable x. Those
            left out are parameters themselves.
        scaled: variables that are divided by their geometric mean in the form that is fitted.
        roles: by variable, the meaning that its column must have (see `Curves.roles`).
        missing: the meaning that no column may have; one that has it would be used instead.
        from_zero: whether variables may be zero.
        symmetric: whether exchanging the variables changes nothing.
        flexible: whether it bends to much, so that it does not end a search.
        shares: whether the variables are shares of a mixture.
        straight: in which coordinates it is a straight line.
        breaks: constants that are places of breaks.
        limit: the constant that it tends to at large scale.
        tree: the formula of a law that was made as a tree; it is never implicit, whatever its names.
        own: constants that a caller has named.
    """

    name: str
    title: str
    variables: tuple[str, ...]
    formula: str
    parameters: tuple[Parameter, ...]
    source: str
    fit: str = ""
    published: Mapping[str, str] = field(default_factory=dict)
    scaled: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
    from_zero: bool = False
    symmetric: bool = False
    flexible: bool = False
    shares: bool = False
    straight: str = ""
    breaks: tuple[str, ...] = ()
    limit: str = ""
    tree: Node | None = None
    own: tuple[str, ...] = ()

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Return the names of the published constants, in order of appearance."""
        known = (*self.variables, SELF) if self.implicit else self.variables
        return tuple(name for name in variables(self.formula_tree) if name not in known)

    @cached_property
    def exponents(self) -> frozenset[str]:
        """Return names that are exponents by themselves in the published form, or with a minus."""
        found = (power.args[1] for power in calls(self.formula_tree, "**"))
        bare = (e.args[0] if isinstance(e, Apply) and e.op == NEGATION else e for e in found)
        return frozenset(e.name for e in bare if isinstance(e, Variable))

    @cached_property
    def implicit(self) -> bool:
        """Return whether the law holds its own value."""
        return self.tree is None and SELF in variables(self.formula_tree)

    @cached_property
    def functions(self) -> frozenset[str]:
        """Return the functions that its formula calls."""
        return frozenset(n.op for n in walk(self.formula_tree) if isinstance(n, Apply) and n.op in FUNCTIONS)

    @cached_property
    def formula_tree(self) -> Node:
        """Return the published form."""
        return self.tree or parse(self.formula, others=True)

    @cached_property
    def fit_tree(self) -> Node:
        """Return the form that is fitted."""
        if not self.fit:
            return self.formula_tree
        return parse(self.fit, {*(p.name for p in self.parameters), *self.variables, SELF})

    @cached_property
    def published_trees(self) -> Mapping[str, Node]:
        """Return the published constants in terms of the parameters, and of `x_` for the scale of a variable x."""
        names = {*(p.name for p in self.parameters), *(f"{v}_" for v in self.variables)}
        return {name: parse(self.published.get(name, name), names) for name in self.constants}
