"""Terms that a system misses: those that would explain most of the residual of its trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, add, multiply
from ansatz.discovery.expression.node import Number
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.structured.selection import Regression
from ansatz.discovery.trajectories.condensing import solve
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.systems import Systems

_TRIED: Final = 4
"""Terms that are fitted, those of the largest gain to first order. Chosen by judgement; each costs a fit."""


@dataclass(frozen=True, eq=False)
class Extension:
    """A system with a term more.

    Attributes:
        state: the place of the equation that the term was joined to.
        term: without its coefficient.
        coefficient: before the fit.
        equations: of the system, before the fit.
        item: what the fit gave, None where there is none.
    """

    state: int
    term: Node
    coefficient: float
    equations: tuple[Node, ...]
    item: ScoredSystem | None


def extensions(
    systems: Systems, start: ScoredSystem, extra: Sequence[tuple[int, Node]], budget: Budget
) -> Iterator[Extension]:
    """Yield systems with one of the `extra` (state, term) more, those first that explain most of the residual.

    What each explains is told to first order, for all from one linearised fit.
    """
    linear = systems.shooting.linearised(start.fit, extra)
    if linear is None or not extra:
        return
    p = start.fit.system.size
    own = np.r_[0:p, p + len(extra) : linear.slopes.shape[1]]
    features = linear.slopes[:, p : p + len(extra)]
    known = linear.slopes[:, own]
    known = known[:, np.linalg.norm(known, axis=0) > 0]
    regression = Regression(linear.residual, features, known, np.ones(linear.residual.size))
    gains = regression.gains(())
    for k in np.argsort(-gains, kind="stable")[:_TRIED]:
        if budget.spent or gains[k] <= 0:
            return
        i, term = extra[int(k)]
        solution = solve(np.column_stack([known, features[:, k]]), linear.residual)
        if solution is None or not solution[-1]:
            continue
        equations, sources = list(start.equations), list(start.origins)
        coefficient = float(solution[-1])
        piece = Number(coefficient) if term == Number(1.0) else multiply(Number(coefficient), term)
        equations[i], sources[i] = add(equations[i], piece), Origin("trajectory.residual")
        yield Extension(i, term, coefficient, tuple(equations), systems.propose(equations, sources, start))
