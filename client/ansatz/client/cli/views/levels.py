"""p-values in words, each with the level that the server compares it with."""

from __future__ import annotations

from typing import Final

RESIDUAL: Final = 0.01
"""Of residuals, of steps of a stochastic motion, and of χ² by standard errors."""
TREND: Final = 0.05
"""Of the bend of an emergence, of a random walk, and of a rate that slows down."""


def p_value(p: float, level: float) -> str:
    """Return a p-value with its level."""
    return f"p = {p:.2g}, level {level:g}"
