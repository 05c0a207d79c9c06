"""What was measured, as a function of what is unknown: an outer form around unknown parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np

from ansatz.discovery.expression import (
    Apply,
    Array,
    Node,
    Number,
    Variable,
    evaluate,
    substitute,
    to_text,
    values_and_jacobian,
    variables,
    walk,
)
from ansatz.discovery.expression.matching import matched
from ansatz.discovery.expression.node import INTEGRAL, LAW, PARTS, calls, rebuild


@dataclass(frozen=True)
class Part:
    """An unknown function, and the names that its arguments have in its formula."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """The target as `outer`, a formula of columns that calls the `parts` and has `constants`, variables to be fitted.

    What fills it is one tree, a law: `Apply(LAW, …)` of a formula for each part, in terms of its own arguments, and of
    a number for each constant, all in order. So a constant of a part is one constant however often the part is called.
    """

    outer: Node
    parts: tuple[Part, ...]
    constants: tuple[str, ...] = ()

    def law(self, formulas: Sequence[Node], constants: Sequence[float] = ()) -> Node:
        """The law of these formulas and values."""
        return Apply(LAW, (*formulas, *(Number(float(c)) for c in constants)))

    def formulas(self, law: Node) -> Mapping[str, Node]:
        """The parts' formulas by name."""
        return {part.name: formula for part, formula in zip(self.parts, _arguments(law), strict=False)}

    def values(self, law: Node) -> Mapping[str, float]:
        """The constants' values by name."""
        numbers = _arguments(law)[len(self.parts) :]
        return {name: n.value for name, n in zip(self.constants, numbers, strict=True) if isinstance(n, Number)}

    def composed(self, law: Node) -> Node:
        """The target's formula in columns."""
        return _composed(self, law)[0]

    def sources(self, law: Node) -> tuple[int, ...]:
        """For each number of the composed formula, in order of appearance, its position among the numbers of the law;
        -1 for the form's own."""
        return _composed(self, law)[1]

    def values_and_jacobian(
        self, law: Node, columns: Mapping[str, Array], rows: int, free: Sequence[int], numbers: Array | None
    ) -> tuple[Array, Array]:
        """As `expression.values_and_jacobian`, of the composed formula with respect to the law's numbers."""
        composed, sources = _composed(self, law)
        values = np.array([n.value for n in walk(composed) if isinstance(n, Number)])
        if numbers is not None:
            known = np.array(sources) >= 0
            values[known] = numbers[np.array(sources)[known]]
        slot = {position: j for j, position in enumerate(free)}
        copies = [i for i, source in enumerate(sources) if source in slot]
        value, separate = values_and_jacobian(composed, columns, rows, copies, values)
        jacobian = np.zeros((rows, len(free)), order="F")
        for i, copy in enumerate(copies):
            jacobian[:, slot[sources[copy]]] += separate[:, i]
        return value, jacobian

    def law_of(self, formula: Node) -> Node | None:
        """The law of which this is the composed formula; None where it is of another form, or that cannot be told."""
        found = matched(self.outer, formula, self.constants)
        if found is None or not all(part.name in found for part in self.parts):
            return None
        formulas, constants = [found[p.name] for p in self.parts], [found[name] for name in self.constants]
        if not self.admits(formulas) or not all(isinstance(c, Number) for c in constants):
            return None
        law = self.law(formulas, [c.value for c in constants if isinstance(c, Number)])
        return law if to_text(self.composed(law)) == to_text(formula) else None  # whatever its numbers were called

    def admits(self, formulas: Sequence[Node]) -> bool:
        """Whether each part's formula uses nothing but the part's arguments."""
        return all(set(variables(f)) <= set(p.arguments) for f, p in zip(formulas, self.parts, strict=True))

    def positive(self, columns: Mapping[str, Array], rows: int) -> frozenset[str]:
        """The arguments that are > 0 wherever parts are called, as far as that is known before the parts are."""
        found: dict[str, bool] = {}
        for part in self.parts:
            for call in calls(self.outer, part.name):
                for name, argument in zip(part.arguments, call.args, strict=True):
                    values = _ends(self.outer, argument, columns, rows)
                    found[name] = found.get(name, True) and all(bool(np.all(v > 0)) for v in values)
        return frozenset(name for name, holds in found.items() if holds)

    def fill(self, node: Node, formulas: Mapping[str, Node], constants: Mapping[str, float]) -> Node:
        """A tree such as the form with some of its parts and constants filled in."""
        return _filled(node, {p.name: p for p in self.parts}, formulas, constants)


def _ends(outer: Node, argument: Node, columns: Mapping[str, Array], rows: int) -> Iterator[Array]:
    """Values of an argument; those at both ends of the window for the variable of an integral; NaN if not known."""
    unknown = np.full(rows, np.nan)
    if next(calls(argument, *PARTS), None) is not None:
        yield unknown
        return
    for end in (2, 3):
        known = dict(columns)
        for integral in calls(outer, INTEGRAL):
            limit, bound = integral.args[end], integral.args[1]
            assert isinstance(bound, Variable)
            free = next(calls(limit, *PARTS), None) is None and set(variables(limit)) <= set(columns)
            known[bound.name] = evaluate(limit, columns, rows) if free else unknown
        yield evaluate(argument, known, rows)


def _arguments(law: Node) -> tuple[Node, ...]:
    assert isinstance(law, Apply)
    assert law.op == LAW
    return law.args


def _filled(
    node: Node, parts: Mapping[str, Part], formulas: Mapping[str, Node], constants: Mapping[str, float]
) -> Node:
    if isinstance(node, Variable):
        return Number(constants[node.name]) if node.name in constants else node
    if not isinstance(node, Apply):
        return node
    arguments = tuple(_filled(a, parts, formulas, constants) for a in node.args)
    if node.op not in formulas:
        return Apply(node.op, arguments)
    return substitute(formulas[node.op], dict(zip(parts[node.op].arguments, arguments, strict=True)))


@lru_cache(maxsize=64)
def _composed(form: Form, law: Node) -> tuple[Node, tuple[int, ...]]:
    marks = count()
    marked = _numbered(law, marks)
    outer = _numbered(form.outer, (-1 for _ in count()))
    own = Form(outer, form.parts, form.constants)
    sources = own.fill(own.outer, own.formulas(marked), own.values(marked))
    composed = form.fill(form.outer, form.formulas(law), form.values(law))
    return composed, tuple(int(n.value) for n in walk(sources) if isinstance(n, Number))


def _numbered(node: Node, marks: Iterator[int]) -> Node:
    return rebuild(node, lambda leaf: Number(next(marks)) if isinstance(leaf, Number) else leaf)
