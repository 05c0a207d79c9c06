"""Every law on every choice of columns, the likely ones fitted thoroughly, and ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.ansatz import CurveAnsatz
from ansatz.discovery.curves.bindings import bindings
from ansatz.discovery.curves.fit import QUICK, THOROUGH, CurveFit, fit_law
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.score import Foretold, HeldOut, foretell, law_bits
from ansatz.discovery.evidence.rank import indistinguishable_bits
from ansatz.discovery.expression import Array, complexity
from ansatz.discovery.report.origin import GIVEN, Origin, Role, of_catalogue

FAMILY_BITS: Final = 5.0
"""Bits to name a law of the catalogue, which has some forty; twice as many for one that bends to much."""
_NO_SCALE_ROLES: Final = ("B", "lr")


@dataclass(frozen=True)
class _Judging:
    """Say how laws are judged. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        thorough: laws of the shortest descriptions that are fitted thoroughly and judged.
        least_share: of the rows that count as independent: misfits make neighbours alike, too.
        beyond: share of the rows that are fitted which must lie beyond a break, or nothing could foretell it.
        failing: level of the F test of errors on the held-out rows.
        chance_bits: by which one of a thousand searched forms is shorter by chance.
        same: difference of two laws over their noise that is none.
        rounding: error on the held-out rows that is, and the least noise that differences are compared with.
        span: factor over which a column must spread to be a scale.
    """

    thorough: int = 8
    least_share: float = 0.2
    beyond: float = 0.1
    failing: float = 0.95
    chance_bits: float = 10.0
    same: float = 1e-3
    rounding: float = 1e-12
    span: float = 1.5


_JUDGING: Final = _Judging()


@dataclass(frozen=True, eq=False)
class Found:
    """A law with its fit.

    Attributes:
        fit: the law on all rows.
        origin: who found it.
        structure: bits of its form.
        bits: description length on all rows.
        foretold: how it does on the rows held out; None where there are none, or where it fails there.
        judged: whether it was tried on the rows held out.
    """

    fit: CurveFit
    origin: Origin
    structure: float
    bits: float
    foretold: Foretold | None = None
    judged: bool = False

    @property
    def law(self) -> Law:
        """Return the law."""
        return self.fit.model.law

    @property
    def score(self) -> float:
        """Return the mean of two description lengths: of all rows at once, and of the held-out told from the others."""
        if not self.judged:
            return self.bits
        return math.inf if self.foretold is None else 0.5 * (self.bits + self.foretold.bits)

    @property
    def miss(self) -> float:
        """Return the error on the held-out rows; 0 where none were."""
        return self.foretold.error if self.foretold is not None else 0.0

    @property
    def own(self) -> bool:
        """Return whether the law is the caller's."""
        return self.origin.role is Role.GIVEN

    @property
    def listed(self) -> bool:
        """Return whether the law is one of the catalogue, or the caller's: its constants mean something to readers."""
        return self.own or self.origin.role is Role.CATALOGUE

    @property
    def size(self) -> tuple[int, int]:
        """Return the number of constants, and of nodes of the formula: how simple the law is."""
        return self.fit.constants, complexity(self.law.formula_tree)


class Contest:
    """Let laws compete on one sample; `on_better` is called when a law beats those before it."""

    def __init__(
        self, sample: Sample, prepared: PreparedCurves, seed: int, on_better: Callable[[], None] = lambda: None
    ) -> None:
        self.sample, self._prepared, self._seed, self._on_better = sample, prepared, seed, on_better
        self._held_out = HeldOut.of(sample, scale_columns(sample, prepared))
        self.found: list[Found] = []
        self._share: float | None = None
        self.cut = False

    @property
    def holds_out(self) -> HeldOut | None:
        """Return the rows held out, None where there are none."""
        return self._held_out

    @property
    def share(self) -> float:
        """Return the share of the rows that count as independent; settled once, by the first comparison."""
        return 1.0 if self._share is None else self._share

    @property
    def by_bits(self) -> list[Found]:
        """Return all laws until now, the shortest description first."""
        return sorted(self.found, key=lambda f: f.bits)

    @property
    def positive(self) -> frozenset[str]:
        """Return the columns that are > 0 on every row."""
        return frozenset(name for name, column in self.sample.columns.items() if float(column.min()) > 0)

    def enter(self, laws: Iterable[Law], budget: Budget) -> None:
        """Fit every law to every choice of columns quickly; at least one, whatever the budget."""
        for law in laws:
            for binding in bindings(law, self.sample, self._prepared.roles):
                if self.found and budget.spent:
                    self.cut = True
                    return
                fit = fit_law(CurveModel.on(law, binding, self.sample.columns), self.sample, self._seed, QUICK)
                if fit is not None:
                    self.add(fit, of_catalogue(law.name), FAMILY_BITS * (2 if law.flexible else 1))

    def enter_ansatz(self, ansatz: CurveAnsatz) -> None:
        """Fit the caller's own law, from where its constants start and from many other settings."""
        law = ansatz.law
        model = CurveModel.on(law, {v: v for v in law.variables}, self.sample.columns)
        also: tuple[Array, ...] = ()
        if all(p.name in ansatz.starts for p in law.parameters):
            theta = np.array([ansatz.starts[p.name] for p in law.parameters])
            also = (np.clip(model.inward(theta), *model.bounds)[None, :],)
        fit = fit_law(model, self.sample, self._seed, THOROUGH, also=also)
        if fit is not None:
            self.add(fit, GIVEN, 0.0)  # the caller's own form costs nothing

    def add(self, fit: CurveFit, origin: Origin, structure: float) -> None:
        """Let a fit compete, if its law can be written down."""
        if not fit.can_be_written:
            return
        best = min((f.bits for f in self.found), default=math.inf)
        self.found.append(Found(fit, origin, structure, law_bits(fit, structure, self.share)))
        if self.found[-1].bits < best:
            self._on_better()

    def settle(self, budget: Budget) -> None:
        """Fit the best thoroughly, and judge them by the rows held out."""
        if not self.found:
            return
        self.found.sort(key=lambda f: f.bits)
        if self._share is None:
            # Of the best laws, the one whose residuals are least alike: a misfit makes neighbours alike, too.
            self._share = max(_JUDGING.least_share, *(f.fit.serial for f in self.found[: _JUDGING.thorough]))
            self.found = [replace(f, bits=law_bits(f.fit, f.structure, self.share)) for f in self.found]
            self.found.sort(key=lambda f: f.bits)
        settled: list[Found] = []
        for i, found in enumerate(self.found):
            if i >= _JUDGING.thorough or found.judged or (budget.spent and i > 0):
                settled.append(found)
                continue
            settled.append(self._judged(found))
        self.found = ranked(self._fairly_judged(_unequal(settled)), self.sample.rows * self.share)

    def _fairly_judged(self, found: list[Found]) -> list[Found]:
        """Take back the judgement by held-out rows where the shortest description has a break among them.

        No law can foretell a break.
        """
        best = min((f for f in found if f.judged), key=lambda f: f.bits, default=None)
        if best is None or self._held_out is None or not best.law.breaks:
            return found
        (column,) = best.fit.model.binding.values()
        constants = best.fit.model.constants(best.fit.u)
        inner, last = self.sample.columns[column][self._held_out.inner], self.sample.columns[column].max()
        beyond = [np.mean(inner > constants[name]) for name in best.law.breaks if constants[name] < last]
        if not any(share < _JUDGING.beyond for share in beyond):
            return found
        self._held_out = None
        return [replace(f, foretold=None, judged=False) for f in found]

    def _judged(self, found: Found) -> Found:
        fit = fit_law(found.fit.model, self.sample, self._seed, THOROUGH, also=(found.fit.u[None, :],)) or found.fit
        if law_bits(fit, found.structure, self.share) > found.bits or not fit.can_be_written:
            fit = found.fit
        bits = law_bits(fit, found.structure, self.share)
        if self._held_out is None:
            return replace(found, fit=fit, bits=bits)
        told = foretell(fit, self._held_out, found.structure, self.share, self._seed)
        return replace(found, fit=fit, bits=bits, foretold=told, judged=True)


def ranked(found: Sequence[Found], rows: float) -> list[Found]:
    """Return them best first: judged before others, those that fail on the held-out rows after those that do not.

    Of those that the rows cannot tell from the best, those of the catalogue and the caller's own come first. Of these
    come those of the fewest constants, and of these the one that foretells best.
    """
    failing = _failing(found)
    order = sorted(found, key=lambda f: (not f.judged, id(f) in failing, f.score, f.size))
    if not order:
        return []
    rivals = [f for f in indistinguishable(order, rows) if id(f) not in failing] or order[:1]
    first = min(rivals, key=lambda f: (not f.listed, f.fit.constants, f.miss, f.size, f.score))
    return [first, *(f for f in order if f is not first)]


def indistinguishable(order: Sequence[Found], rows: float) -> list[Found]:
    """Return those whose score is within the limit of the best, and which do not fail on the held-out rows."""
    failing = _failing(order)
    sound = [f for f in order if id(f) not in failing]
    best = min(sound, key=lambda f: (not f.judged, f.score))
    limit = best.score + indistinguishable_bits(int(rows), best.fit.constants)
    return [f for f in sound if f.score <= limit and f.judged == best.judged]


def _failing(found: Sequence[Found]) -> set[int]:
    """Return those whose error on the held-out rows is larger than the smallest by more than chance (F test).

    Of many laws that were searched, one may foretell best by chance. One sets the standard only where it describes all
    rows better than the catalogue does, its form aside.
    """
    told = [f for f in found if f.foretold is not None]
    if not told:
        return set()
    from scipy.special import fdtri

    shortest = min((f.score - f.structure for f in told if f.listed), default=math.inf)
    standard = [f for f in told if f.listed or f.score - f.structure < shortest - _JUDGING.chance_bits]
    smallest = min(f.foretold.error for f in standard if f.foretold is not None)
    rows = max(min(f.foretold.rows for f in told if f.foretold is not None), 1.0)
    limit = smallest * math.sqrt(float(fdtri(rows, rows, _JUDGING.failing))) + _JUDGING.rounding
    return {id(f) for f in told if f.foretold is not None and f.foretold.error > limit}


def scale_columns(sample: Sample, prepared: PreparedCurves) -> tuple[str, ...]:
    """Return the columns whose product is the scale: not negative, and spread over more than a factor.

    Learning rate and batch size are none.
    """
    left_out = {prepared.roles.get(role) for role in _NO_SCALE_ROLES}
    spread = [name for name, column in sample.columns.items() if name not in left_out and _spans(column)]
    compute = prepared.roles.get("C")
    return (compute,) if compute in spread else tuple(spread)


def _spans(column: Array) -> bool:
    positive = column[column > 0]
    return float(column.min()) >= 0 and positive.size > 0 and float(positive.max() / positive.min()) > _JUDGING.span


def _unequal(found: list[Found]) -> list[Found]:
    """Return them without those that have the values of one before them and no fewer constants.

    The caller's own stays.
    """
    kept: list[Found] = []
    for f in sorted(found, key=lambda f: (not f.own, not f.judged, f.fit.constants, not f.listed, f.size, f.score)):
        if not any(_same(f.fit, other.fit) for other in kept):
            kept.append(f)
    return kept


def _same(a: CurveFit, b: CurveFit) -> bool:
    return bool(np.max(np.abs(a.residuals - b.residuals)) <= _JUDGING.same * max(a.noise, _JUDGING.rounding))
