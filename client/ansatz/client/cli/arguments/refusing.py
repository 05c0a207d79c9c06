"""Refusing options by name, all at once."""

from __future__ import annotations

from collections.abc import Iterable

from ansatz.client.errors import InvalidRequest, Violation


def refuse(violations: Iterable[Violation]) -> None:
    """Raise InvalidRequest with all violations, if there are any."""
    found = tuple(violations)
    if found:
        raise InvalidRequest("; ".join(f"{v.field}: {v.description}" for v in found), violations=found)
