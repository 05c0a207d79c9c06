"""Reductions of a formula: the simpler formulas one step away. What a search adds beyond need is taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce as reduce_left
from itertools import combinations
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Apply, Node, Number, variables
from ansatz.discovery.expression.node import LAW, is_integer
from ansatz.discovery.report.origin import PRUNED
from ansatz.discovery.search.archive import Archive

_ONE: Final = Number(1.0)


@dataclass(frozen=True)
class _Effort:
    """Bound the work: each reduction costs a fit. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        entries: of the archive that are reduced, the best.
        rounds: each reduces what the one before has found.
        nearly: share by which exponents may differ that are tried as one.
    """

    entries: int = 8
    rounds: int = 4
    nearly: float = 0.1


_EFFORT: Final = _Effort()


def reductions(formula: Node) -> Iterator[Node]:
    """Yield formulas that lack one term, factor or function of the given one, have a rounder exponent, or one exponent
    where it has two that are nearly equal or opposite.

    Each is a smaller tree, or one with a number less; none is checked against data.
    """
    if not isinstance(formula, Apply):
        return
    if formula.op != LAW:
        yield from _at_root(formula)
        yield from _tied(formula)
    for i, argument in enumerate(formula.args):
        for reduced in reductions(argument):
            yield Apply(formula.op, (*formula.args[:i], reduced, *formula.args[i + 1 :]))


def _at_root(formula: Apply) -> Iterator[Node]:
    op, args = formula.op, formula.args
    if op in ("+", "-", "*", "min", "max"):
        yield args[0]
        yield Apply("neg", (args[1],)) if op == "-" else args[1]
    elif op == "/":
        yield args[0]
        if args[0] != _ONE:
            yield Apply("/", (_ONE, args[1]))
    elif op == "**":
        yield args[0]
        yield from _rounder(args[0], args[1])
    else:
        yield args[0]


def _rounder(base: Node, exponent: Node) -> Iterator[Node]:
    """Yield powers with the whole and half exponents next to one that is neither."""
    if isinstance(exponent, Number) and exponent.is_free and not is_integer(2 * exponent.value):
        for near in dict.fromkeys((float(round(exponent.value)), round(2 * exponent.value) / 2)):
            if near:
                yield Apply("**", (base, Number(near)))


def _tied(formula: Apply) -> Iterator[Node]:
    """Yield products in which two powers of nearly equal or opposite exponents share one."""
    if formula.op not in ("*", "/"):
        return
    factors = list(_factors(formula, 1.0))
    for i, j in combinations(range(len(factors)), 2):
        (first, p), (second, q) = factors[i], factors[j]
        if is_integer(2 * p) or is_integer(2 * q) or abs(abs(p) - abs(q)) > _EFFORT.nearly * max(abs(p), abs(q)):
            continue
        together = Apply("**", (Apply("*" if p * q > 0 else "/", (first, second)), Number(p)))
        yield reduce_left(
            lambda left, factor: Apply("*", (left, _power(*factor))),
            [f for k, f in enumerate(factors) if k not in (i, j)], together,
        )  # fmt: skip


def _factors(node: Node, sign: float) -> Iterator[tuple[Node, float]]:
    """Yield the bases and exponents of a product's factors."""
    if isinstance(node, Apply) and node.op in ("*", "/"):
        yield from _factors(node.args[0], sign)
        yield from _factors(node.args[1], -sign if node.op == "/" else sign)
    elif isinstance(node, Apply) and node.op == "**" and isinstance(node.args[1], Number):
        yield node.args[0], sign * node.args[1].value
    else:
        yield node, sign


def _power(base: Node, exponent: float) -> Node:
    return base if exponent == 1 else Apply("**", (base, Number(exponent)))


def reduce(archive: Archive, budget: Budget, entries: int = _EFFORT.entries) -> None:
    """Propose the reductions of the archive's best entries, again for as long as that shortens the best."""
    done: set[Node] = set()
    for _ in range(_EFFORT.rounds):
        best = archive.entries[:1]
        for entry in archive.entries[:entries]:
            if entry.formula in done:
                continue
            done.add(entry.formula)
            for reduced in reductions(entry.formula):
                if budget.spent:
                    return
                if variables(reduced):
                    archive.propose(reduced, PRUNED if entry.origin.is_given else entry.origin)
        if archive.entries[:1] == best:
            return
