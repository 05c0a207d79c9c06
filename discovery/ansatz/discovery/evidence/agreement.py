"""Whether what a formula leaves is as large as the errors of measurement that the caller gave."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.evidence.significance import VERDICT, told
from ansatz.discovery.expression import Array
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.report import Warning


def chi_squared(residual: Array, std_errors: Array, fitted: int) -> ChiSquared | None:
    """Return χ² of a residual (n,) after a fit of so many constants; None where no degree of freedom is left."""
    from scipy.special import chdtrc

    degrees = residual.size - fitted
    if degrees < 1 or not np.all(np.isfinite(residual)):
        return None
    with np.errstate(over="ignore"):
        value = float(np.sum((residual / std_errors) ** 2))
    return ChiSquared(value, degrees, float(chdtrc(degrees, value)))


def disagreement_warnings(found: ChiSquared | None, noise: TargetNoise = TargetNoise.GAUSSIAN) -> list[Warning]:
    """Warn where the residual is larger, or smaller, than the caller's standard errors, or the noise, let expect."""
    if found is None or VERDICT.level < found.p_value < 1.0 - VERDICT.level:
        return []
    counted = noise is not TargetNoise.GAUSSIAN
    if found.p_value <= VERDICT.level:
        cause = f"the target scatters more than {noise} noise does, and intervals are too narrow"
        if not counted:
            cause = "the errors are too small"
        said = f"too large ({told(found.p_value)}): something is missing from the formula, or {cause}"
    else:
        cause = f"the target scatters less than {noise} noise does"
        if not counted:
            cause = "the errors given are larger than the scatter"
        said = f"far too small ({told(1.0 - found.p_value)}): {cause}"
    text = f"χ² per degree of freedom is {found.per_degree:.3g}, {said}."
    return [Warning("ERRORS_DISAGREE", text)]
