"""Standard errors and intervals of fitted constants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ansatz.discovery.evidence.description_length import ROUNDING
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.problem.problem import Problem


def standard_errors(
    formula: Node, rmse: float, free: Sequence[int], problem: Problem, marks: Marks = UNMARKED
) -> Array:
    """Return standard errors `(k,)` of the k constants at `free`, NaN where the data do not determine one.

    From the curvature of the (weighted) sum of squares at the optimum, with the residual variance estimated on n − k
    degrees of freedom; on exact data from the rounding of float64.
    """
    return uncertainty(formula, rmse, free, problem, marks)[0]


@np.errstate(all="ignore")
def uncertainty(
    formula: Node, rmse: float, free: Sequence[int], problem: Problem, marks: Marks = UNMARKED, *,
    known_std: float | None = None, least: float = ROUNDING.size,
) -> tuple[Array, Array]:  # fmt: skip
    """Return standard errors, as `standard_errors` does, and correlations `(k, k)` of the constants at `free`.

    Correlations are NaN where either constant is not determined. `known_std` is the standard deviation of a row of
    weight 1, where it is known and not to be estimated from the residual, which counts as no smaller than the share
    `least` of the target's size.
    """
    k = len(free)
    unknown = np.full(k, np.nan), np.full((k, k), np.nan)
    if not k or k > problem.rows:
        return unknown
    _, jacobian = values_and_slopes(formula, problem, [marks.together(p) for p in free])
    if problem.weights is not None:
        jacobian *= np.sqrt(problem.weights)[:, None]
    spread = Spread.of(jacobian)
    degrees = max(problem.rows - len(free), 1)
    sigma = max(rmse, least * problem.y_scale) * np.sqrt(problem.rows / degrees)
    if known_std is not None:
        sigma = known_std
    return spread.standard_errors(sigma), spread.correlations


def t_quantile(degrees: int, probability: float = 0.975) -> float:
    """Return a quantile of Student's t: by default half a 95 % interval in standard errors."""
    from scipy.special import stdtrit

    return float(stdtrit(max(degrees, 1), probability))
