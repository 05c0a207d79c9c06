"""When a search may stop early: what is left is noise, and the law has outlived a whole searcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ansatz.discovery.evidence.noise import Answer, Verdict
from ansatz.discovery.expression import Node, variables
from ansatz.discovery.problem.problem import Problem

# Held by `python -m bench.recovery --noise 0.01 0.1`.
_MOST_CONSTANTS: Final = 3
_PATIENCE: Final = 2.0
_SURROGATE_SHARE: Final = 1.1
_SURROGATE_ROWS: Final = 500


@dataclass(frozen=True)
class Standing:
    """What stands first in a search.

    Attributes:
        formula: the best formula.
        constants: how many of its constants are neither whole nor named.
        rmse: its error, in the target's unit.
        found: how much work was done when it became the best, in pieces.
        work: how much work is done now.
    """

    formula: Node
    constants: int
    rmse: float
    found: int
    work: int

    @property
    def has_lasted(self) -> bool:
        """Whether it has stood for as long as it took to find, or has no constant that was fitted: it is then no form
        that bends."""
        return self.constants == 0 or self.work >= _PATIENCE * self.found


def may_stop(now: Standing, verdict: Verdict, smooth_error: float) -> bool:
    """Return whether to stop: what the best formula leaves is noise, and no smooth surrogate does better; it has few
    constants, and has lasted. A constant is no reason to stop.

    `smooth_error` is the surrogate's leave-one-out error, as `smooth_error` gives it.
    """
    return (
        verdict.answer is Answer.NOISE
        and bool(variables(now.formula))
        and now.constants <= _MOST_CONSTANTS
        and now.rmse <= _SURROGATE_SHARE * smooth_error
        and now.has_lasted
    )


def smooth_error(problem: Problem) -> float:
    """Return the leave-one-out error of a smooth surrogate of the target, in the target's unit; of at most 500 rows.

    Of the ways to look at a problem only those of the target itself count: errors of a logarithm are another matter.
    """
    from ansatz.discovery.search.structured.surrogate import View

    small = problem.subsample(_SURROGATE_ROWS)
    if not small.names:
        return float("inf")
    views = (View(log_target=False, relative=False, log_inputs=log) for log in (True, False))
    return min(view.fit(small).error for view in views) * small.y_scale
