"""Each equation by itself: low powers, then rate laws beside them, with the other states as they were observed.

A rate law that one equation has is a term, and a variable of rate laws, for the others: fluxes are shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import (
    FUNCTIONS,
    Apply,
    Array,
    Node,
    Number,
    Variable,
    divide,
    evaluate,
    to_text,
    variables,
    walk,
)
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.bank import Bank
from ansatz.discovery.trajectories.candidates import Candidates, RightHandSide
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.rate_laws import Family, is_positive, rate_laws, saturating
from ansatz.discovery.trajectories.terms import summands


@dataclass(frozen=True)
class _Alone:
    """Say how an equation is sought. Chosen by judgement; `tests/…/test_motion_cases.py` holds them.

    Attributes:
        kinds: of rate laws that are tried beside low powers.
        depth: rate laws of an equation, at most.
        beams: equations to which a further rate law is added.
        hopeless: times what the best rate law leaves; one that leaves more is not tried.
        alike: rate laws that are tried still, once one settled the equation: they may say it shorter.
        reduced: of the best equations, from so many terms are taken off at last.
        sums: of those that are left as terms are taken off, so many are fitted.
        short: the likeliest of at most so many terms are fitted as well: a fit of constants inside may make others
            needless.
        term_price: of a term, in units of the logarithm of the rows, as in the Bayesian information criterion.
        first: share of what is left of the time is over this in the first turn: fluxes want some.
        rounds: in which fluxes are passed on.
        few: variables up to which waves are tried before rate laws: their library is small.
        certain: error of the smooth curves over the spread, below which waves do not pass for rate laws.
        most_variables: beyond which there is no bank: its columns grow with their cube.
    """

    kinds: int = 12
    hopeless: float = 30.0
    alike: int = 3
    reduced: int = 2
    depth: int = 2
    beams: int = 2
    sums: int = 1
    short: tuple[int, ...] = (5, 3)
    term_price: float = 3.0
    first: float = 1.5
    rounds: int = 2
    few: int = 2
    certain: float = 1e-5
    most_variables: int = 7


_ALONE: Final = _Alone()
_ORIGIN: Final = Origin("rates.alone")
_SHARED: Final = Origin("rates.shared")


class Alone:
    """Seek the equations of a smoothed motion one by one; `names` are the variables that are not constant."""

    def __init__(
        self, smoothed: Smoothed, proposed: Sequence[Candidates], names: Sequence[str], functions: frozenset[str]
    ) -> None:
        self._smoothed, self._proposed, self._names, self._functions = smoothed, proposed, list(names), functions
        self._banks: list[Bank] = []

    def plain(self, budget: Budget) -> None:
        """Propose low powers for every state, and waves where they are few and no rate law can be taken for one."""
        for k, candidates in enumerate(self._proposed):
            share = budget.part(budget.remaining / (len(self._proposed) - k))
            candidates.polynomial(share, self._names)
            candidates.reduce(share, _ALONE.reduced)
            if len(self._names) <= _ALONE.few and candidates.form.floor < _ALONE.certain and not candidates.settled:
                candidates.waves(share, self._names)

    def rate_laws(self, budget: Budget) -> None:
        """Propose rate laws beside low powers for every state that is not settled, then the fluxes of the others."""
        if len(self._names) > _ALONE.most_variables:
            return
        shared: list[Node] = []
        for turn in range(_ALONE.rounds + 1):
            unsettled = [c for c in self._proposed if not c.settled]
            fresh = [f for f in self._fluxes() if f not in shared] if turn else []
            if turn and (not fresh or len(self._proposed) == 1):
                return
            shared += fresh
            for k, candidates in enumerate(unsettled):
                if budget.spent:
                    return
                share = budget.part(budget.remaining / (len(unsettled) - k) / (1.0 if turn else _ALONE.first))
                for degree in (2,) if candidates.is_accurate else (1, 2):
                    bank = self._bank(candidates, degree)
                    bank.add_once([family for f in shared for family in self._of_flux(f)])
                    _Equation(bank, candidates, share, _SHARED if turn else _ORIGIN).seek()
                candidates.reduce(share, _ALONE.reduced)

    def _bank(self, candidates: Candidates, degree: int) -> Bank:
        """Return the bank that serves a state, beside powers up to a degree; states with the same samples have one.

        In noise, quadratic powers take so much of a rate law that its constants are lost: linear ones stand first.
        """
        for bank in self._banks:
            if bank.degree == degree and bank.with_rows_of(candidates.form):
                return bank
        bank = Bank(candidates.form, self._smoothed.columns, self._names, degree)
        bank.add(list(rate_laws(self._smoothed.columns, self._names, self._functions)))
        self._banks.append(bank)
        return bank

    def _fluxes(self) -> list[Node]:
        """Return the rate laws of the best equation of every state."""
        return list(dict.fromkeys(f for c in self._proposed if c.best for f in fluxes_of(c.best[0].formula)))

    def _of_flux(self, flux: Node) -> Iterator[Family]:
        """Yield a flux as a term, and rate laws in which it is the variable."""
        columns = self._smoothed.columns
        count = self._smoothed.node_times.size
        with np.errstate(all="ignore"):
            values = np.broadcast_to(evaluate(flux, columns, count), (count,))
        if not np.all(np.isfinite(values)) or np.ptp(values) == 0:
            return
        text = to_text(flux)
        yield Family(("flux", text), lambda _: flux, lambda _: values, np.empty((1, 0)))
        if is_positive(values):
            yield from saturating(text, flux, np.maximum(values, 0.0), "flux ", (1.0,))


class _Equation:
    """Seek the equation of one state in a bank."""

    def __init__(self, bank: Bank, candidates: Candidates, budget: Budget, origin: Origin) -> None:
        self._bank, self._candidates, self._budget, self._origin = bank, candidates, budget, origin
        self._target = bank.target(candidates.form)
        self._floor = (candidates.form.floor * candidates.form.scale) ** 2 * self._target.size

    def seek(self) -> None:
        """Propose sums of low powers and one rate law, then of two."""
        beams: list[tuple[Node, ...]] = [()]
        self._propose([])
        for _ in range(_ALONE.depth):
            found = [p for beside in beams for p in self._tried(beside, self._likely(beside))]
            if self._candidates.settled or self._budget.spent:
                return
            found.sort(key=lambda p: p.bits)
            beams = list(dict.fromkeys(tuple(rates_in(p.formula)) for p in found))[: _ALONE.beams]
            beams = [b for b in beams if b]
            if not beams:
                return

    def _likely(self, beside: Sequence[Node]) -> list[Node]:
        """Return rate laws that explain most of what is left, but those that leave far more than the best."""
        picks = self._bank.picks(self._candidates.form, beside, _ALONE.kinds)
        least = min((1.0 - p.gain for p in picks), default=0.0) + self._floor / float(self._target @ self._target)
        return [p.term for p in picks if 1.0 - p.gain <= _ALONE.hopeless * least]

    def _tried(self, beside: Sequence[Node], terms: Sequence[Node]) -> list[RightHandSide]:
        found: list[RightHandSide] = []
        left = len(terms)
        for term in terms:
            if self._budget.spent or not left:
                break
            found += self._propose([*beside, term])
            left = min(left - 1, _ALONE.alike) if self._candidates.settled else left - 1
        return found

    def _propose(self, terms: Sequence[Node]) -> list[RightHandSide]:
        """Fit the likeliest sums of low powers and the terms; return the shortest description."""
        every = [*self._bank.plain, *terms]
        found = []
        for chosen, coefficients in self._sums(terms):
            formula = build.linear(coefficients, [every[i] for i in chosen])
            if (p := self._candidates.propose(formula, self._origin)) is not None:
                found.append(p)
        return sorted(found, key=lambda p: p.bits)[:1]

    def _sums(self, terms: Sequence[Node]) -> list[tuple[list[int], Array]]:
        """Return the likeliest sums, as positions and coefficients, on the way from all terms to none."""
        columns = self._bank.plain_columns
        if terms:
            columns = np.hstack([columns, self._bank.own(terms)])
        lengths = np.linalg.norm(columns, axis=0)
        if not np.all(np.isfinite(lengths)):
            return []
        lengths = np.where(lengths > 0, lengths, 1.0)
        triangle = np.linalg.qr(np.column_stack([columns / lengths, self._target]))[1]
        rows, target = self._target.size, triangle[:, -1]
        support = list(range(columns.shape[1]))
        found = []
        while support:
            q, r = np.linalg.qr(triangle[:, support])
            inverse = np.linalg.pinv(r)
            projected = q.T @ target
            coefficients, rest = inverse @ projected, target - q @ projected
            left = float(rest @ rest) + self._floor
            price = _ALONE.term_price * np.log(rows) * len(support)
            found.append((rows * np.log(left) / 2 + price, list(support), coefficients / lengths[support]))
            support.pop(int(np.argmin(coefficients**2 / np.sum(inverse**2, axis=1))))
        found.sort(key=lambda item: item[0])
        best = found[: _ALONE.sums]
        for most in _ALONE.short:
            best += [item for item in found if len(item[1]) <= most][:1]
        return list({tuple(chosen): (chosen, coefficients) for _, chosen, coefficients in best}.values())


def rates_in(formula: Node) -> list[Node]:
    """Return the terms of a right-hand side that are no monomials."""
    return [term for term in summands(formula) if is_rate(term)]


def is_rate(term: Node) -> bool:
    """Return whether a term is more than a product of whole powers."""
    return any(
        isinstance(node, Apply)
        and (
            (node.op == "/" and bool(variables(node.args[1])))
            or node.op in FUNCTIONS
            or (node.op == "**" and isinstance(node.args[1], Number) and node.args[1].is_free)
        )
        for node in walk(term)
    )


def fluxes_of(formula: Node) -> list[Node]:
    """Return the rate laws of a right-hand side, and each without a state that it is multiplied with."""
    found: list[Node] = []
    for term in rates_in(formula):
        found.append(term)
        found += [f for f in _without_a_factor(term) if is_rate(f)]
    return found


def _without_a_factor(term: Node) -> Iterator[Node]:
    if isinstance(term, Apply) and term.op == "/":
        yield from (divide(top, term.args[1]) for top in _without_a_factor(term.args[0]))
    elif isinstance(term, Apply) and term.op == "*":
        for k in (0, 1):
            if isinstance(term.args[k], Variable):
                yield term.args[1 - k]
            else:
                yield from (build.times(rest, term.args[1 - k]) for rest in _without_a_factor(term.args[k]))
