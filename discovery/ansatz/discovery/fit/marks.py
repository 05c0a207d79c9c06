"""Keep what a caller has said of a formula's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansatz.discovery.expression.node import is_integer


@dataclass(frozen=True)
class Marks:
    """Marks on numbers of a formula, by position among all of them, in order of appearance.

    `parameters` are free constants of the caller's by name: numbers of one name are one constant. `fixed` numbers stay
    as they are: the caller's own, those given by a name such as pi, and constants at their bounds.
    """

    parameters: Mapping[int, str] = field(default_factory=dict)
    fixed: frozenset[int] = frozenset()

    @property
    def any(self) -> bool:
        """Return whether there is a mark at all."""
        return bool(self.parameters or self.fixed)

    def leaders(self, positions: Sequence[int]) -> tuple[int, ...]:
        """Return the positions that are free, each constant by its first."""
        seen: set[str] = set()
        kept: list[int] = []
        for p in positions:
            name = self.parameters.get(p, "")
            if p not in self.fixed and name not in seen:
                kept.append(p)
                seen |= {name} - {""}
        return tuple(kept)

    def leader(self, position: int) -> int:
        """Return the first position of the same constant."""
        name = self.parameters.get(position, "")
        return min(p for p, n in self.parameters.items() if n == name) if name else position

    def together(self, position: int) -> tuple[int, ...]:
        """Return all positions of the same constant."""
        name = self.parameters.get(position, "")
        return tuple(sorted(p for p, n in self.parameters.items() if n == name)) if name else (position,)

    def listed(self, values: Iterable[float]) -> tuple[int, ...]:
        """Return the positions of what counts as a constant: numbers that are no integers, and free constants."""
        return tuple(p for p, v in enumerate(values) if not is_integer(v) or p in self.parameters)


UNMARKED = Marks()
