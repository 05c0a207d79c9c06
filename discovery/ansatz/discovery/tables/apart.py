"""Rows that are set apart: a table without them, whether they stay so, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.evidence.apart import Formula, rows_apart, rows_far_off
from ansatz.discovery.expression import to_text
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.fit.robust import robust
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Warning
from ansatz.discovery.search.archive import Entry
from ansatz.discovery.tables.prepare import PreparedTable


@dataclass(frozen=True)
class _Telling:
    """Say how much is told.

    Attributes:
        leaders: of a search, that may set rows apart. Chosen by judgement.
        rows: named in one warning.
    """

    leaders: int = 5
    rows: int = 50


_TELLING: Final = _Telling()


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of a prepared table, and those that are set apart.

    Attributes:
        whole: the table of all rows.
        apart: those set apart, counted from 0, in order.
        is_settled: whether they stay so, whatever a search finds.
    """

    whole: PreparedTable
    apart: tuple[int, ...] = ()
    is_settled: bool = False

    @property
    def kept(self) -> NDArray[np.intp]:
        """The rows that are not set apart, in order."""
        return np.setdiff1d(np.arange(self.whole.problem.rows), self.apart)

    def prepared(self) -> PreparedTable:
        """Return the table of the rows kept."""
        whole = self.whole
        if not self.apart:
            return whole
        kept = self.kept
        problem = whole.problem.rows_only(kept)
        return replace(
            whole,
            problem=replace(problem, weights=_of_mean_1(problem.weights)),
            caller_weights=_of_mean_1(None if whole.caller_weights is None else whole.caller_weights[kept]),
            std_errors=None if whole.std_errors is None else whole.std_errors[kept],
            target=whole.target[kept],
        )

    def before_search(self) -> Rows:
        """Return the rows with those set apart that no ordinary law explains."""
        return replace(self, apart=rows_apart(self.whole.problem)) if self._asked else self

    def after_search(self, entries: Sequence[Entry], leaves_noise: bool) -> Rows:
        """Return the rows as the leading laws of a search say: others may be set apart, and rows that the first
        explains come back, where it leaves noise: one that explains little is far off nothing."""
        if not self._asked or not entries:
            return self
        if self.apart and leaves_noise:
            explained = rows_far_off(_law(entries[0], self.whole.problem), self.kept)
            back = frozenset(self.apart) - frozenset(explained)
            if back:
                return replace(self, apart=tuple(row for row in self.apart if row not in back))
        problem, kept = self.prepared().problem, self.kept
        given = [e for e in entries if e.origin.is_given]
        leaders = dict.fromkeys([*entries[: _TELLING.leaders], *given])
        more = rows_apart(problem, [_law(e, problem) for e in leaders])
        return replace(self, apart=tuple(sorted({*self.apart, *(int(kept[row]) for row in more)}))) if more else self

    @property
    def _asked(self) -> bool:
        """Whether rows may be set apart: a robust loss of the caller's has its own way with them, and
        counts and errors of inputs a noise of their own."""
        ansatz, whole = self.whole.ansatz, self.whole
        if self.is_settled or not whole.noise.is_fixed or whole.problem.form is not None:
            return False
        return ansatz is None or ansatz.loss is Loss.SQUARED

    def warnings(self, best: Entry) -> list[Warning]:
        """Return what is told of the rows set apart, and of the best formula with them."""
        if not self.apart:
            return []
        problem = self.whole.problem
        shown = ", ".join(str(row + 1) for row in self.apart[: _TELLING.rows])
        more = ", …" if len(self.apart) > _TELLING.rows else ""
        free = tuple(p for p in free_positions(best.formula) if p not in best.names)
        fit = fit_constants(best.formula, problem, free, marks=best.named.fit.marks)
        text = (
            f"{len(self.apart)} of {problem.rows} rows lie far off the law of the others, and are left out of all "
            f"formulas and scores: {shown}{more}. Fitted with them, the best formula is {to_text(fit.formula)}, with a "
            f"root mean squared error of {fit.rmse:.3g}."
        )
        return [Warning("OUTLIERS", text)]


def with_robust_weights(prepared: PreparedTable) -> tuple[PreparedTable, tuple[int, ...]]:
    """Return what was prepared with the row weights that the loss of the ansatz asks for, and the rows far off it."""
    ansatz, problem = prepared.ansatz, prepared.problem
    if ansatz is None or ansatz.loss is Loss.SQUARED:
        return prepared, ()
    if ansatz.loss is Loss.LOG_HUBER:
        problem = replace(problem, weights=prepared.caller_weights)
    found = robust(AnsatzModel.of(ansatz), problem, ansatz.loss)
    return replace(prepared, problem=found.problem), found.far


def _law(entry: Entry, problem: Problem) -> Formula:
    measure = entry.measure
    return Formula(entry.formula, problem, measure.form_bits, measure.evidence_constants, entry.named.fit.marks)


def _of_mean_1(weights: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if weights is None:
        return None
    normalised: NDArray[np.float64] = weights / weights.mean()
    return normalised
