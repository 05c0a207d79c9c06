"""Is the optimum of a joint law the same as that of many random starts of a general optimiser?"""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Curves
from ansatz.discovery.curves.fit import THOROUGH, fit_law
from ansatz.discovery.curves.laws.joint import ADDITIVE
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import prepare

ROWS: Final = 240
STARTS: Final = 4000
_OUTLIERS: Final = 20


def joint_law() -> Curves:
    """L(N, D) at published constants, 1 % noise, every twentieth row 30 % too high."""
    rng = np.random.default_rng(0)
    n, d = (np.exp(rng.uniform(np.log(low), np.log(high), ROWS)) for low, high in ((1e7, 1.6e10), (2e8, 1e12)))
    loss = (1.69 + 406.4 / n**0.34 + 410.7 / d**0.28) * np.exp(0.01 * rng.standard_normal(ROWS))
    loss[::_OUTLIERS] *= 1.3
    return Curves((Column("N", n), Column("D", d), Column("loss", loss)), "loss")


def measure() -> dict[str, Any]:
    """The fit, and the same objective minimised by L-BFGS-B from random starts."""
    from scipy.optimize import minimize

    sample = prepare(joint_law()).sample
    model = CurveModel.on(ADDITIVE, {"N": "N", "D": "D"}, sample.columns)
    started = time.process_time()
    fit = fit_law(model, sample, 0, THOROUGH)
    seconds = time.process_time() - started
    if fit is None:
        raise RuntimeError("the law could not be fitted")
    objective = fit.objective

    def cost_and_slope(u: np.ndarray) -> tuple[float, np.ndarray]:
        residual, slopes = objective.residuals_and_slopes(u[None, :])
        clipped = fit.kept * np.clip(residual[0], -fit.delta, fit.delta)
        cost = float(objective.costs(residual)[0])
        if not np.isfinite(cost):
            return 1e10, np.zeros_like(u)
        return cost, slopes[0].T @ clipped

    rng = np.random.default_rng(1)
    lower, upper = np.array([0.0, -7, -7, -4, -4]), np.array([3.0, 2, 2, 1, 1])
    best, started = np.inf, time.process_time()
    for _ in range(STARTS):
        found = minimize(
            cost_and_slope, rng.uniform(lower, upper), jac=True, method="L-BFGS-B",
            bounds=[(0, None), *[(None, None)] * 4], options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-12},
        )  # fmt: skip
        best = min(best, float(found.fun))
    others = time.process_time() - started
    text = (
        f"A joint law of size and data on {ROWS} rows, every {_OUTLIERS}th an outlier: fitted in {seconds:.2f} s; the "
        f"objective lies {fit.cost / best - 1:.1e} (relative) above the best of {STARTS} random starts of L-BFGS-B, "
        f"which took {others:.0f} s."
    )
    return {"law": ADDITIVE.name, "text": text, "excess": fit.cost / best - 1}
