"""Errors that a caller can mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with the input.

    `field` is the path of the field in the caller's terms, for example ``table.target``; `description` holds the
    offending value, its place (row and column where there is one) and what to do.
    """

    field: str
    description: str


class InvalidInputError(ValueError):
    """The input breaks a rule; nothing was computed. Holds every violation found."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        if not violations:
            raise ValueError("an InvalidInputError needs at least one violation")
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in self.violations))


class EngineNotReadyError(RuntimeError):
    """The engine asked for cannot run on this machine; the message ends with the command that mends it."""
