"""The noise of residuals: how large it is, and how much neighbours have of it in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

NORMAL: Final = 1.4826
"""Standard deviation over median absolute deviation of a Gaussian."""


@dataclass(frozen=True)
class Rounding:
    """Say what is rounding of float64, on scales on which values are about 1.

    Attributes:
        smallest: noise, so that it is never 0.
        unsettled: noise over the smallest up to which no row is left out.
        outlying: noise up to which no row is called an outlier.
    """

    smallest: float = 1e-13
    unsettled: float = 10.0
    outlying: float = 1e-12


@dataclass(frozen=True)
class _Serial:
    """Say when residuals of neighbours are alike. Chosen by judgement; `python -m bench.intervals` holds them.

    Attributes:
        level: standard errors of a correlation of 0 above which it counts: 2.3 % of white noise has more.
        fewest: pairs of neighbours; fewer tell nothing.
        most: correlation, so that some rows always count.
        clipped: residuals count as at most so many standard deviations.
    """

    level: float = 2.0
    fewest: int = 8
    most: float = 0.95
    clipped: float = 3.0


ROUNDING: Final = Rounding()
_SERIAL: Final = _Serial()


def noise_of(residuals: Array, constants: int) -> float:
    """Return the robust standard deviation of residuals `(n,)` that a law of so many constants left."""
    n = residuals.size
    spread = NORMAL * float(np.median(np.abs(residuals))) * np.sqrt(n / max(n - constants, 1))
    return max(float(spread), ROUNDING.smallest)


def serial_correlation(residuals: Array, noise: float, sample: Sample) -> float:
    """Return the correlation of neighbours within runs, at least 0; 0 where chance may explain it.

    How many rows count as independent goes by its size. Whether a residual is noise is asked of
    `evidence.significance`.
    """
    residuals = np.clip(residuals, -_SERIAL.clipped * noise, _SERIAL.clipped * noise)
    same = sample.run[1:] == sample.run[:-1]
    pairs = int(np.count_nonzero(same))
    power = float(np.mean(residuals**2))
    if pairs < _SERIAL.fewest or power <= 0:
        return 0.0
    correlation = float(np.mean(residuals[1:][same] * residuals[:-1][same])) / power
    return min(correlation, _SERIAL.most) if correlation > _SERIAL.level / np.sqrt(pairs) else 0.0
