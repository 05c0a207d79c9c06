"""The rule of rank: the simplest formula that the data cannot tell from the best by description length."""

from __future__ import annotations

from collections.abc import Sequence

from ansatz.discovery.search.archive import Entry

INDISTINGUISHABLE_BITS = 3.0
"""Formulas whose description lengths differ by less are told apart by simplicity alone (odds of 8 to 1)."""


def ranked(entries: Sequence[Entry]) -> list[Entry]:
    """Best first: of those within three bits of the shortest description the simplest, then by description length."""
    if not entries:
        return []
    by_length = sorted(entries, key=lambda e: (e.description_length, e.complexity))
    rivals = [e for e in by_length if e.description_length <= by_length[0].description_length + INDISTINGUISHABLE_BITS]
    first = min(rivals, key=lambda e: (e.complexity, e.description_length))
    return [first, *(e for e in by_length if e is not first)]
