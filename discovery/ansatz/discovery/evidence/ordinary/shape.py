"""The shape of a formula: what is left of it when coefficients are forgotten, however it is written.

A product is its factors with their exponents, a sum the set of its terms, a scale in front of everything nothing:
`x/(a + b*x)`, `a*x/(b + x)` and `1/(a/x + b)` have one shape. Exponents that are whole or a half are kept, others are
free.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Final

from ansatz.discovery.expression import Apply, Node, Number, Variable
from ansatz.discovery.expression.node import NEGATION, is_integer

_FREE: Final = math.nan


@dataclass(frozen=True)
class Product:
    """Factors with their exponents, NaN where free; no factor twice. Without factors it is a constant."""

    powers: tuple[tuple[Factor, float], ...] = ()

    @cached_property
    def text(self) -> str:
        parts = (f.text if f.scaled else f"{f.text}^{exponent:g}" for f, exponent in self.powers)
        return "*".join(sorted(parts)) or "1"

    @property
    def has_free_numbers(self) -> bool:
        """Whether it holds a rate or a free exponent: two such terms are not one."""
        return "exp(" in self.text or self.has_free_exponents

    @property
    def has_free_exponents(self) -> bool:
        """Whether an exponent is free of a factor that is no exponential."""
        return "^nan" in self.text

    def to(self, exponent: float) -> Product:
        """Return the product to a power; 1 and −1 leave free exponents free."""
        raised = (
            (factor, own * exponent if math.isfinite(exponent) and _kept(own * exponent) else _FREE)
            for factor, own in self.powers
        )
        return Product(tuple(raised))

    def times(self, other: Product) -> Product:
        """Return the product of both."""
        powers = dict(self.powers)
        for factor, exponent in other.powers:
            powers[factor] = powers.get(factor, 0.0) + exponent
        return Product(tuple((f, _FREE if f.scaled else e) for f, e in powers.items() if e != 0))


@dataclass(frozen=True)
class Factor:
    """A variable, a function of products, or a sum of products; `scaled` where its exponent is a coefficient in truth,
    as of an exponential."""

    name: str
    parts: tuple[Product, ...] = ()
    scaled: bool = False

    @cached_property
    def text(self) -> str:
        return f"{self.name}({'|'.join(sorted(p.text for p in self.parts))})" if self.parts else self.name


_SUM: Final = "sum"


def shape_of(node: Node, names: Mapping[str, str]) -> Product:
    """Return the shape of a formula whose variables are called by other names."""
    if isinstance(node, Number):
        return Product()
    if isinstance(node, Variable):
        return Product(((Factor(names[node.name]), 1.0),))
    arguments = [shape_of(a, names) for a in node.args]
    return _applied(node, arguments)


def with_free_exponents(shape: Product) -> Product:
    """Return the shape with the exponents of all variables free, wherever they stand in a product or a sum."""

    def freed(factor: Factor) -> Factor:
        if factor.name != _SUM:
            return factor
        parts = (with_free_exponents(part) for part in factor.parts)
        return Factor(_SUM, tuple(sorted(parts, key=lambda p: p.text)))

    return Product(tuple((freed(f), e if f.parts else _FREE) for f, e in shape.powers))


def _applied(node: Apply, arguments: list[Product]) -> Product:
    op = node.op
    if op == NEGATION:
        return arguments[0]
    if op == "*":
        return arguments[0].times(arguments[1])
    if op == "/":
        return arguments[0].times(arguments[1].to(-1.0))
    if op in ("+", "-"):
        return _sum([*_terms(arguments[0]), *_terms(arguments[1])])
    if op == "**" and isinstance(node.args[1], Number):
        value = node.args[1].value
        return arguments[0].to(value if _kept(value) else _FREE)
    if op == "sqrt":
        return arguments[0].to(0.5)
    if op == "exp":
        own = [t for t in _terms(arguments[0]) if t.powers]
        return Product(tuple((Factor("exp", (t,), scaled=True), _FREE) for t in dict.fromkeys(own)))
    if op == "log":
        logs = [Product(((Factor("log", (Product(((f, 1.0),)),)), 1.0),)) for f, _ in arguments[0].powers]
        return _sum([Product(), *logs])
    if op in ("sin", "cos"):
        inside = [t for t in _terms(arguments[0]) if t.powers]
        return Product(((Factor("wave", tuple(dict.fromkeys(inside))), 1.0),)) if inside else Product()
    return Product(((Factor(op, tuple(arguments)), 1.0),))


def _kept(exponent: float) -> bool:
    return math.isfinite(exponent) and is_integer(2 * exponent)


def _terms(product: Product) -> tuple[Product, ...]:
    """The terms of what may be a sum, or a product with one."""
    sums = [(f, e) for f, e in product.powers if f.name == _SUM and e == 1.0]
    if len(sums) != 1:
        return (product,)
    rest = Product(tuple(p for p in product.powers if p != sums[0]))
    return tuple(part.times(rest) for part in sums[0][0].parts)


def _sum(terms: list[Product]) -> Product:
    """A sum as a factor, beside what all its terms share. Terms that differ in a free number only stay two."""
    settled = {t.text: t for t in terms if not t.has_free_numbers}
    distinct = [*settled.values(), *(t for t in terms if t.has_free_numbers)]
    if len(distinct) == 1:
        return distinct[0]
    shared = reduce(_shared, distinct)
    rest = [t.times(shared.to(-1.0)) for t in distinct]
    parts = tuple(sorted(rest, key=lambda p: p.text))
    return Product(((Factor(_SUM, parts), 1.0),)).times(shared)


def _shared(a: Product, b: Product) -> Product:
    """The variables' lowest powers that two terms have, negative ones where only one has them."""
    left, right = dict(a.powers), dict(b.powers)
    pairs = {f: (left.get(f, 0.0), right.get(f, 0.0)) for f in {**left, **right} if not f.parts}
    return Product(tuple((f, min(p)) for f, p in pairs.items() if all(map(math.isfinite, p)) and min(p) != 0))
