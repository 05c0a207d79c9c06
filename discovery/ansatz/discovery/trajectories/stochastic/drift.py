"""What a motion that noise drives shows."""

from __future__ import annotations

import math

from ansatz.discovery.report.estimate import Estimate


def half_life(rate: Estimate) -> Estimate:
    """Return ln 2 over the rate, an open side where the rate may be 0 or is not bounded."""

    def inverse(value: float | None) -> float | None:
        return math.log(2) / value if value else None

    return Estimate(inverse(rate.value), inverse(rate.upper) if rate.upper is not None else 0.0, inverse(rate.lower))
