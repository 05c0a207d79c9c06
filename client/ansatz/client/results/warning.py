"""What a reader must know of a result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Warning:
    """A fact that the reader of a result must know; the codes are listed in docs/warnings.md."""

    code: str
    message: str
