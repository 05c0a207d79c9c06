"""How a family of laws is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from ansatz.discovery.expression import FUNCTIONS, Apply, Node, Variable, parse, variables, walk
from ansatz.discovery.expression.node import NEGATION, calls

SELF = "y"
"""The name by which an implicit law speaks of its own value."""


@dataclass(frozen=True)
class Parameter:
    """A constant of a law in the form that is fitted.

    `lower` and `upper` bound it; `start_lower` and `start_upper` span where searches start. `logarithmic`: it is
    positive and moves by factors. `linear`: the law is linear in it, so that it is solved for and needs no start.
    """

    name: str
    lower: float = -inf
    upper: float = inf
    start_lower: float = 0.0
    start_upper: float = 0.0
    logarithmic: bool = False
    linear: bool = False


def floor(name: str) -> Parameter:
    """A linear constant ≥ 0."""
    return Parameter(name, lower=0.0, linear=True)


def offset(name: str) -> Parameter:
    """A linear constant of either sign."""
    return Parameter(name, linear=True)


def amplitude(name: str) -> Parameter:
    """A linear constant > 0."""
    return Parameter(name, lower=1e-200, upper=1e200, logarithmic=True, linear=True)


def positive(name: str, low: float, high: float, upper: float = inf, lower: float = 1e-9) -> Parameter:
    """A constant > 0 that usually lies between `low` and `high`."""
    return Parameter(name, lower, min(upper, 1e12), low, high, logarithmic=True)


def real(name: str, low: float, high: float, lower: float = -inf, upper: float = inf) -> Parameter:
    """A constant that usually lies between `low` and `high`."""
    return Parameter(name, lower, upper, low, high)


def exponent(name: str, low: float = 0.02, high: float = 2.0) -> Parameter:
    """A positive exponent."""
    return positive(name, low, high, upper=30.0, lower=1e-4)


@dataclass(frozen=True)
class Law:
    """A family: a law up to its constants and the columns it speaks of.

    `formula` is its published form, in terms of `variables` and its constants. `fit` is an equivalent form that is
    better conditioned, in terms of `parameters`; in it, variables in `scaled` are divided by their geometric mean,
    which `published` calls by the variable's name and an underscore. `published` gives the published constants in terms
    of the parameters; those left out are parameters themselves. An implicit law holds its own value as ``y``.

    `roles` names, by variable, the meaning a column must have (see `Curves.roles`). `from_zero`: variables may be zero;
    `symmetric`: exchanging the variables changes nothing; `shares`: the variables are shares of a mixture; `flexible`
    laws bend to much: they do not end a search. `straight` says in which coordinates it is a straight line, `breaks`
    which constants are places of breaks, `limit` which one it tends to at large scale. `tree` is the formula of a law
    that was made as a tree; it is never implicit, whatever its names. `own` are the constants that a caller has named.
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
        """Names that are exponents by themselves in the published form, or with a minus."""
        found = (power.args[1] for power in calls(self.formula_tree, "**"))
        bare = (e.args[0] if isinstance(e, Apply) and e.op == NEGATION else e for e in found)
        return frozenset(e.name for e in bare if isinstance(e, Variable))

    @cached_property
    def implicit(self) -> bool:
        return self.tree is None and SELF in variables(self.formula_tree)

    @cached_property
    def functions(self) -> frozenset[str]:
        """Return the functions that its formula calls."""
        return frozenset(n.op for n in walk(self.formula_tree) if isinstance(n, Apply) and n.op in FUNCTIONS)

    @cached_property
    def formula_tree(self) -> Node:
        return self.tree or parse(self.formula, others=True)

    @cached_property
    def fit_tree(self) -> Node:
        if not self.fit:
            return self.formula_tree
        return parse(self.fit, {*(p.name for p in self.parameters), *self.variables, SELF})

    @cached_property
    def published_trees(self) -> Mapping[str, Node]:
        """The published constants in terms of the parameters, and of ``x_`` for the scale of a variable x."""
        names = {*(p.name for p in self.parameters), *(f"{v}_" for v in self.variables)}
        return {name: parse(self.published.get(name, name), names) for name in self.constants}
