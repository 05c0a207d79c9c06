"""From a first guess to the law: fit it, search what it leaves, join, refit everything together, keep what pays.

The symbolic residual realignment of VIPER-R1 (arXiv:2508.17380), with a joint refit of all constants, corrections
beside, as a factor and inside, pruning by description length, and a stop where the rest no longer pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.naming import Named, name_constants
from ansatz.discovery.evidence.noise import Answer, NoiseQuestion, Verdict
from ansatz.discovery.expression import Array, Node, Number, add, complexity, simplify
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.many_starts import fit_model
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import GIVEN, GROWN, PRUNED, Origin
from ansatz.discovery.report.report import RefinementStep, Warning
from ansatz.discovery.search.archive import Archive, Entry
from ansatz.discovery.search.outcome import NOTHING_TO_TELL, Outcome, cut, told
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.residual.joining import Joined, pruned, refitted, roughly
from ansatz.discovery.search.residual.modes import Mode, modes
from ansatz.discovery.search.sparse.searcher import pursue


@dataclass(frozen=True)
class _Effort:
    """Say how far the residual of an ansatz is searched. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        steps: corrections that are joined, at most.
        corrections: found in each mode that are joined and fitted roughly.
        refitted: of these that are refitted in full.
        least_gain: bits that a correction must save: odds of 8 to 1.
        new: share of a change of values that the constants must not be able to make.
        rows_a_constant: rows for each constant fitted, so that structure could show.
        sparse_share: of the time that is left, for sparse sums.
    """

    steps: int = 4
    corrections: int = 8
    refitted: int = 2
    least_gain: float = 3.0
    new: float = 1e-6
    rows_a_constant: int = 20
    sparse_share: float = 0.3


_EFFORT: Final = _Effort()
_NOT_FITTED: Final = Warning(
    "FORM_NOT_FITTED", "No constants were found for which the ansatz is finite on all rows; the search went on alone."
)


@dataclass(frozen=True, eq=False)
class _Correction:
    """A correction as it was found, how it was joined, and the model with it."""

    found: Node
    mode: Mode
    result: Joined

    def added(self, before: AnsatzModel) -> Node:
        """What the result has beside the model before, after the joint fit, or as it was found if that is shorter."""
        difference = self.mode.added(self.result.model.formula, before.formula)
        if difference is None:
            return self.found
        positive = self.result.problem.positive
        shown = replace(self.result.model, formula=simplify(difference, positive)).numeric
        return min((simplify(shown, positive), self.found), key=complexity)


@dataclass(frozen=True)
class RefinedFormula:
    """Hold the steps of a refinement, the fit of the ansatz first.

    `is_complete`: nothing is left to be found after them; `outcome`: what was cut or failed on the way.
    """

    steps: tuple[RefinementStep, ...] = ()
    is_complete: bool = False
    outcome: Outcome = NOTHING_TO_TELL


@dataclass(frozen=True, eq=False)
class FormulaRefinement:
    """Search what an ansatz misses with the searchers of a portfolio."""

    portfolio: Portfolio

    def run(self, ansatz: Ansatz, problem: Problem, budget: Budget, archive: Archive) -> RefinedFormula:
        """Refine; every formula on the way is in the archive."""
        self.portfolio.on_stage("ansatz")
        screen = archive.screen.inputs_only(problem.names)
        current = Joined(fit_model(AnsatzModel.of(ansatz), screen, budget), screen)
        entry = _admit_given(current, archive)
        if entry is None:
            return RefinedFormula(outcome=told(_NOT_FITTED))
        if (shorter := pruned(current, budget)) is not current:
            _admit(shorter, PRUNED, archive)
        outcome = Outcome()
        steps = [RefinementStep(entry.formula, None, 0.0)]
        while len(steps) <= _EFFORT.steps and not budget.spent and not current.is_exact:
            self.portfolio.on_stage("residual")
            left = _left(current)
            found, of_searches = self._correction(current, problem, budget)
            outcome += of_searches
            if found is None:
                break
            better = _admit(found.result, GROWN, archive)
            if better is None:
                break
            gain = current.bits - found.result.bits
            added = found.added(current.model)
            steps.append(RefinementStep(better.formula, added, gain, found.mode.name, left.missing))
            current = found.result
        is_complete = current.is_exact or _is_noise(current)
        # Each mode has its share of the clock: it may cut the searches of all while some of the whole is left.
        if (budget.spent or outcome.cut_stages) and not is_complete:
            outcome += cut("residual")
        return RefinedFormula(tuple(steps), is_complete, outcome)

    def _correction(self, current: Joined, problem: Problem, budget: Budget) -> tuple[_Correction | None, Outcome]:
        """Return the best joint model with one correction, None where none pays, and how the searches went.

        Sparse sums in every mode first; where structure is left, what the portfolio finds in every mode.
        """
        best = _best(current, _sparse(current, budget.part(_EFFORT.sparse_share * budget.remaining)), budget)
        after = current if best is None else best.result
        if after.is_exact or _is_noise(after):
            return best, Outcome()
        options = [] if best is None else [best]
        outcome = Outcome()
        ways = list(modes(current.model, problem))
        for i, mode in enumerate(ways):
            if budget.spent:
                break
            part = budget.part(budget.remaining / (len(ways) - i + 1))
            found, of_search = self._searched(mode, part)
            outcome += of_search
            option = _best(current, found, budget)
            if option is not None:
                options.append(option)
                if option.result.is_exact:
                    break
        return min(options, key=lambda option: option.result.bits, default=None), outcome

    def _searched(self, mode: Mode, budget: Budget) -> tuple[list[tuple[Node, Mode]], Outcome]:
        """Return what the portfolio finds for a mode, the shortest descriptions first."""
        corrections = Archive(mode.problem)
        part = budget.part(also_stop=lambda: corrections.solved)
        outcome = replace(self.portfolio, engine=None).run(mode.problem, part, corrections)
        return [(entry.formula, mode) for entry in corrections.entries[: _EFFORT.corrections]], outcome


def _sparse(current: Joined, budget: Budget) -> Iterator[tuple[Node, Mode]]:
    """Sparse sums in every mode, while the formula's own constants stay free; of each mode the likeliest."""
    tangent = _tangent(current)
    ways = list(modes(current.model, current.problem))
    for i, mode in enumerate(ways):
        with np.errstate(all="ignore"):
            known = tangent / mode.slopes[:, None]
        if not np.all(np.isfinite(known)):
            continue
        part = budget.part(budget.remaining / (len(ways) - i))
        rest = replace(mode.problem, y=mode.problem.y - mode.nothing)
        found = list(pursue(rest, known, part, waves_anywhere=mode.name == "additive"))
        for model in sorted(found, key=lambda m: m.score)[: _EFFORT.corrections]:
            formula = model.formula()
            yield (add(Number(mode.nothing), formula) if mode.nothing else formula), mode


def _tangent(current: Joined) -> Array:
    """Derivatives of the formula with respect to its constants, shape (n, k): what a refit can make of it."""
    groups = [slot.positions for slot in current.model.slots()]
    return values_and_slopes(current.model.numeric, current.problem, groups)[1]


def _best(current: Joined, found: Iterable[tuple[Node, Mode]], budget: Budget) -> _Correction | None:
    """The correction after which the description is shortest, if it is shorter by enough.

    All are refitted roughly with the formula, the likeliest in full.
    """
    rough: list[_Correction] = []
    before = current.problem.evaluate(current.model.numeric)
    tangent = _tangent(current)
    for added, mode in found:
        if budget.spent:
            break
        formula = replace(current.model, formula=mode.join(added)).numeric
        if not _is_new(current.problem.evaluate(formula) - before, tangent):
            continue
        rough.append(_Correction(added, mode, roughly(current, mode.join(added))))
        if rough[-1].result.is_exact:
            break
    best: _Correction | None = None
    for option in sorted(rough, key=lambda o: o.result.bits)[: _EFFORT.refitted]:
        if best is not None and budget.spent:
            break
        full = replace(option, result=refitted(option.result))
        best = full if best is None or full.result.bits < best.result.bits else best
    if best is None:
        return None
    best = replace(best, result=pruned(best.result, budget))
    return best if best.result.bits <= current.bits - _EFFORT.least_gain else None


def _is_new(change: Array, tangent: Array) -> bool:
    """Whether a change of the formula's values, shape (n,), is none that its own constants could make."""
    if not tangent.shape[1] or not np.all(np.isfinite(change)):
        return True
    norms = np.linalg.norm(tangent, axis=0)
    basis = np.linalg.qr(tangent / np.where(norms > 0, norms, 1.0))[0]
    new = change - basis @ (basis.T @ change)
    return bool(np.linalg.norm(new) > _EFFORT.new * np.linalg.norm(change))


def _left(current: Joined) -> Verdict:
    return NoiseQuestion(current.problem).of(current.model.numeric, current.model.marks)


def _is_noise(current: Joined) -> bool:
    return _left(current).answer is Answer.NOISE and current.problem.rows >= _EFFORT.rows_a_constant * len(
        current.fit.free
    )


def _admit_given(current: Joined, archive: Archive) -> Entry | None:
    """The caller's formula among the archive's, as it was given, with all its constants at their least-squares values.

    With some at simple values it stands beside that. Where the fit is exact these are what was meant.
    """
    if not current.model.is_marked:
        entry = archive.propose(current.model.numeric, GIVEN)
        if entry is not None and entry.origin.is_given:
            return entry
    named = name_constants(current.fit, current.problem)
    if current.is_exact:
        return archive.admit(named, GIVEN)
    entry = archive.admit(Named(current.fit, {}), GIVEN)
    if named.fit.formula != current.fit.formula:
        archive.admit(named, PRUNED)
    return entry


def _admit(current: Joined, origin: Origin, archive: Archive) -> Entry | None:
    """The model among the archive's formulas: as it stands where the caller's own names or numbers are in it."""
    if not current.model.is_marked:
        return archive.propose(current.model.numeric, origin)
    named = name_constants(current.fit, current.problem)
    if np.all(numbers(named.fit.formula)):
        return archive.admit(named, origin)
    # What came to zero is no term.
    without = current.model.with_numbers(numbers(named.fit.formula))
    shorter = refitted(roughly(current, without.formula))
    return archive.admit(name_constants(shorter.fit, current.problem), origin)
