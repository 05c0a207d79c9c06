"""The rule of rank: the simplest formula that the data cannot tell from the best by description length stands first.

Where units are given, a law of wrong dimension never stands above a right one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Protocol, TypeVar

from ansatz.discovery.expression import Node, Number
from ansatz.discovery.report.origin import Origin, Role
from ansatz.discovery.units.dimensions import DOUBTFUL, RIGHT

UNDECIDED_BITS = 4.3
"""Scores of formulas of tables that differ by less do not tell them apart: odds of 20 to 1. On 63 ordinary laws of 9 to
20 rows with p ≤ 1e-4 the true family is within them in 84 to 100 %."""


@dataclass(frozen=True)
class _Rule:
    """Say what is better than what.

    Attributes:
        bits: of description length within which data on many rows do not tell formulas apart: odds of 8 to 1. Chosen
            by judgement; `python -m bench.recovery` holds it.
        share: of the error of a simpler formula that a larger one must stay below: above rounding, no more.
    """

    bits: float = 3.0
    share: float = 1 - 1e-9


_RULE: Final = _Rule()


class Rankable(Protocol):
    """What the rule asks of a formula.

    Attributes:
        formula: the formula.
        complexity: its nodes.
        description_length: in bits.
        fitted: how many numbers were fitted.
        wrongness: how wrong its dimensions are.
        origin: who proposed it.
    """

    @property
    def formula(self) -> Node: ...
    @property
    def complexity(self) -> int: ...
    @property
    def description_length(self) -> float: ...
    @property
    def fitted(self) -> int: ...
    @property
    def wrongness(self) -> int: ...
    @property
    def origin(self) -> Origin: ...


RankableT = TypeVar("RankableT", bound=Rankable)


def indistinguishable_bits(rows: int, constants: int) -> float:
    """Return the bits within which descriptions are not told apart by so many rows, beside so many constants fitted.

    This rule holds for every kind of observations: `rows` are the values that were fitted. Within it simplicity alone
    decides. On many rows it stands for odds of 8 to 1. On few the odds are longer: the bits of a residual go with the
    logarithm of its width, which is uncertain itself by the degrees of freedom that are left.
    """
    return _RULE.bits * rows / max(rows - constants - 1, 1)


@dataclass(frozen=True)
class _Margins:
    """Say within how many bits of the best formulas are equals.

    Attributes:
        undecided: the data do not tell them apart; the caller's own stands first.
        tie: the simplest stands first.
    """

    undecided: float
    tie: float


def ranked(entries: Sequence[RankableT], rows: int) -> list[RankableT]:
    """Return the entries best first: by dimension, right before wrong; then by description length, but for equals.

    Of those that the data of so many rows cannot tell from the shortest description the caller's own and then the
    simplest stands first.
    """

    def margins(best: RankableT) -> _Margins:
        limit = indistinguishable_bits(rows, best.fitted)
        return _Margins(limit, limit)

    return _ranked(entries, margins)


def ranked_by_score(entries: Sequence[RankableT]) -> list[RankableT]:
    """Return the entries best first: by dimension, right before wrong; then by the score of tables, which knows of few
    rows by itself.

    The caller's own stands first where the data do not tell it from the best.
    """
    return _ranked(entries, lambda best: _Margins(UNDECIDED_BITS, 0.0))


def _ranked(entries: Sequence[RankableT], margins: Callable[[RankableT], _Margins]) -> list[RankableT]:
    """Where nothing of right dimension is better than a constant, nothing of right dimension is a law: formulas that
    would be right with dimensional constants then count as right."""
    right = _by_evidence([e for e in entries if e.wrongness == RIGHT], margins)
    lawful = bool(right) and not isinstance(right[0].formula, Number)

    def group(entry: RankableT) -> int:
        return RIGHT if entry.wrongness == DOUBTFUL and not lawful else entry.wrongness

    groups = groupby(sorted(entries, key=group), key=group)
    return [entry for _, members in groups for entry in _by_evidence(list(members), margins)]


def _by_evidence(entries: Sequence[RankableT], margins: Callable[[RankableT], _Margins]) -> list[RankableT]:
    if not entries:
        return []
    by_length = sorted(entries, key=lambda e: (e.description_length, e.complexity))
    best = by_length[0]
    within = margins(best)
    own = [e for e in by_length if e.origin.of_caller and _within(e, best, within.undecided)]
    rivals = own or [e for e in by_length if _within(e, best, within.tie)]
    first = min(rivals, key=lambda e: (not e.origin.is_given, e.complexity, e.description_length))
    return _whole_before_pruned([first, *(e for e in by_length if e is not first)])


def _whole_before_pruned(order: list[RankableT]) -> list[RankableT]:
    """Return the entries with the caller's own formula before all that were pruned of it: they are cases of it, so that
    what speaks for them speaks for it, and whether a term of the caller's goes is the caller's to say."""
    given = next((e for e in order if e.origin.is_given), None)
    pruned = next((i for i, e in enumerate(order) if e.origin.role is Role.PRUNED), None)
    if given is None or pruned is None or order.index(given) < pruned:
        return order
    rest = [e for e in order if e is not given]
    return [*rest[:pruned], given, *rest[pruned:]]


def _within(entry: Rankable, best: Rankable, bits: float) -> bool:
    return entry.description_length <= best.description_length + bits


T = TypeVar("T")


class Measured(Protocol):
    """A formula of known size and error."""

    @property
    def complexity(self) -> int: ...
    @property
    def rmse(self) -> float: ...


MeasuredT = TypeVar("MeasuredT", bound=Measured)


def pareto_front(entries: Sequence[MeasuredT]) -> list[MeasuredT]:
    """Return the entries that no simpler or equally simple one beats in error, simplest first."""
    return pareto_front_by(entries, lambda entry: (entry.complexity, entry.rmse))


def pareto_front_by(
    entries: Iterable[T], measure: Callable[[T], tuple[float, float]], share: float = _RULE.share
) -> list[T]:
    """Return the entries whose error is below a share of that of all simpler or equally simple ones, simplest first.

    `measure` gives the size and the error of an entry.
    """
    front: list[T] = []
    least = math.inf
    for entry, (_, error) in sorted(((e, measure(e)) for e in entries), key=lambda pair: pair[1]):
        if not front or error < share * least:
            front.append(entry)
            least = error
    return front
