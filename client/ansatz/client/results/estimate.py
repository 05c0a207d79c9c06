"""A value with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value and its interval; an open side is None."""

    value: float | None
    lower: float | None
    upper: float | None
