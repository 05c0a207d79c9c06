"""Reductions of a formula: the simpler formulas one step away. What a search adds beyond need is taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
    """

    entries: int = 8
    rounds: int = 4


_EFFORT: Final = _Effort()


def reductions(formula: Node) -> Iterator[Node]:
    """Yield formulas that lack one term, factor or function of the given one, or have a rounder exponent.

    Each is a smaller tree, or one with a number less; none is checked against data.
    """
    if not isinstance(formula, Apply):
        return
    if formula.op != LAW:
        yield from _at_root(formula)
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
    if isinstance(exponent, Number) and not is_integer(2 * exponent.value):
        for near in dict.fromkeys((float(round(exponent.value)), round(2 * exponent.value) / 2)):
            if near:
                yield Apply("**", (base, Number(near)))


def reduce(archive: Archive, budget: Budget) -> None:
    """Propose the reductions of the archive's best entries, again for as long as that shortens the best."""
    done: set[Node] = set()
    for _ in range(_EFFORT.rounds):
        best = archive.entries[:1]
        for entry in archive.entries[: _EFFORT.entries]:
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
