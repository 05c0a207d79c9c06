"""Systems that were tried: each structure fitted to the trajectories once, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ansatz.discovery.evidence.description_length import formula_bits
from ansatz.discovery.evidence.naming import Name
from ansatz.discovery.expression import Node, complexity, simplify
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.named import NamedSystem
from ansatz.discovery.trajectories.scored import ScoredSystem, scored
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System
from ansatz.discovery.trajectories.terms import structure


class Systems:
    """Fit systems to the trajectories, each structure once, and keep them.

    `on_better` is called after each proposal that shortens the best description.
    """

    def __init__(
        self, shooting: Shooting, *, max_complexity: int, positive: frozenset[str], roots: bool,
        on_better: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.shooting = shooting
        self._on_better, self._best_bits = on_better, math.inf
        self._most = [max_complexity] * len(shooting.record.states)
        """Nodes of each right-hand side; more where the caller's own is larger."""
        self._positive, self._roots = positive, roots
        self._known: dict[tuple[object, ...], ScoredSystem | None] = {}

    @property
    def found(self) -> list[ScoredSystem]:
        """Return all of them, the shortest description first."""
        allowed = (s for s in self._known.values() if s is not None and self._allowed(s))
        return sorted(allowed, key=lambda s: (s.bits, s.complexity))

    def _allowed(self, item: ScoredSystem) -> bool:
        return self._are_within(item.equations)

    def _are_within(self, equations: Sequence[Node]) -> bool:
        return all(complexity(e) <= most for e, most in zip(equations, self._most, strict=True))

    def _make_room(self, equations: Sequence[Node], origins: Sequence[Origin]) -> None:
        """Let what the caller gave be as large as it is, and what grows from it by as much as a search may find."""
        for i, (equation, origin) in enumerate(zip(equations, origins, strict=True)):
            nodes = complexity(equation)
            if origin.is_given and nodes > self._most[i]:
                self._most[i] += nodes

    @property
    def best(self) -> ScoredSystem | None:
        """Return the shortest description, None where there is none."""
        return next(iter(self.found), None)

    def form(self, item: ScoredSystem) -> tuple[tuple[str, ...], ...]:
        """Return what a system has in common with those that differ in constants and in writing alone."""
        return tuple(map(structure, self.simplified(item.equations)))

    def shortlist(self, most: int) -> list[ScoredSystem]:
        """Return the shortest descriptions, each structure once."""
        distinct: dict[tuple[tuple[str, ...], ...], ScoredSystem] = {}
        for item in self.found:
            distinct.setdefault(tuple(map(structure, item.equations)), item)
            if len(distinct) >= most:
                break
        return list(distinct.values())

    def propose(
        self, equations: Sequence[Node], origins: Sequence[Origin], near: ScoredSystem | None = None,
        names: Mapping[float, Name] | None = None, wide: bool = False,
    ) -> ScoredSystem | None:  # fmt: skip
        """Fit a system to the trajectories; return None where none is found. What was tried is not fitted again.

        A `wide` one is left as it is, and may exceed the largest complexity on the way to smaller ones.
        """
        simple = list(equations) if wide else self.simplified(equations)
        self._make_room(simple, origins)
        if not wide and not self._are_within(simple):
            return None
        system = System.of(simple, names or ())
        key = (*map(structure, simple), system.size, *sorted(names or ()))
        known = self._known.get(key)
        if key not in self._known or (
            known is not None and self._formula_bits(simple) < self._formula_bits(known.equations)
        ):
            near = known or near
            item = self._known[key] = self._fitted(system, tuple(origins), near, names)
            if item is not None:
                self._note(item)
        return self._known[key]

    def follows(self, equations: Sequence[Node]) -> bool:
        """Return whether a system of this structure was fitted to the trajectories."""
        own = tuple(map(structure, self.simplified(equations)))
        return any(tuple(map(structure, s.equations)) == own for s in self._known.values() if s is not None)

    def _note(self, item: ScoredSystem) -> None:
        if item.bits < self._best_bits and self._allowed(item):
            self._best_bits = item.bits
            self._on_better()

    def follow(
        self, own: NamedSystem, origins: Sequence[Origin], held: Mapping[str, float], near: ScoredSystem | None = None
    ) -> ScoredSystem | None:
        """Fit the caller's system as it is written to the trajectories, constants `held` where they are; None where it
        cannot be followed. It takes the place of what is the same but for its writing."""
        system = own.system(held)
        item = self._fitted(system, tuple(origins), near, None)
        if item is None:
            return None
        values = dict(zip((n for n in own.names if n not in held), map(float, item.fit.system.values), strict=True))
        bits = item.bits - self.free_bits(own)
        item = replace(item, bits=bits, own=own.at({**values, **held}), held=dict(held))
        self._make_room(item.equations, origins)
        simple = self.simplified(item.equations)
        self._known[*map(structure, simple), system.size] = item
        self._note(item)
        return item

    def free_bits(self, own: NamedSystem) -> float:
        """Return the bits of the caller's own form, which costs nothing: it was there before the data."""
        return self._formula_bits(list(own.form.values()))

    def simplified(self, equations: Sequence[Node]) -> list[Node]:
        """Return the equations as they are fitted."""
        return [simplify(e, self._positive, roots=self._roots) for e in equations]

    def _formula_bits(self, equations: Sequence[Node]) -> float:
        return sum(formula_bits(e, len(self.shooting.record.variables)) for e in equations)

    def _fitted(
        self, system: System, origins: tuple[Origin, ...], near: ScoredSystem | None, names: Mapping[float, Name] | None
    ) -> ScoredSystem | None:
        fit = self.shooting.fit(system, near.fit if near else None)
        if fit is None and near is not None:
            fit = self.shooting.fit(system)
        if fit is None or not fit.converged or not all(map(has_exponents_within, fit.system.equations)):
            return None
        item = scored(fit, self.shooting, origins, names)
        return item if np.isfinite(item.bits) else None
