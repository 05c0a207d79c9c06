"""Whether a formula and the standard errors of the target agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChiSquared:
    """Compare what a formula leaves with the standard errors that the caller gave, or that counts and shares have.

    Attributes:
        value: sum over the rows of (residual / standard error)²; of counts and shares less what their skewness adds
            to it, which is little where events are many (Farrington 1996).
        degrees: of freedom: rows less constants fitted, at least 1.
        p_value: how likely a value at least as large is, where the formula and the errors are right; near 1 the errors
            are larger than the scatter.
    """

    value: float
    degrees: int
    p_value: float

    @property
    def per_degree(self) -> float:
        """Return the value over the degrees of freedom: near 1 where formula and errors are right."""
        return self.value / self.degrees
