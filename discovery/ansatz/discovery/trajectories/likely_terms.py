"""Terms that right-hand sides often have: low powers, plain functions of states, waves in time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.expression import Node, Variable, call, multiply
from ansatz.discovery.trajectories.driving import driving_waves
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.scored import ScoredSystem

_MOST_CUBIC: Final = 3
"""Cubic monomials of more states are too many to be told apart."""


class LikelyTerms:
    """Make the likely terms of a smoothed motion; `functions` are the only functions allowed."""

    def __init__(self, smoothed: Smoothed, functions: frozenset[str]) -> None:
        self._smoothed, self.functions = smoothed, functions

    @cached_property
    def names(self) -> list[str]:
        """Return the names of the components and inputs that are not constant."""
        record = self._smoothed.record
        return [n for n in (*record.components, *record.inputs) if np.ptp(self._smoothed.columns[n]) > 0]

    @property
    def may_be_waves(self) -> bool:
        """Return whether waves in time are allowed."""
        return {"sin", "cos"} <= self.functions

    @property
    def may_switch(self) -> bool:
        """Return whether terms that switch at a threshold are allowed."""
        return bool({"sign", "abs"} & self.functions)

    def low_powers(self) -> list[Node]:
        """Return monomials and waves of the states."""
        terms = monomials(self.names, 3 if len(self.names) <= _MOST_CUBIC else 2)
        return terms + [call(f, Variable(n)) for f in ("sin", "cos") if f in self.functions for n in self.names]

    def beside(self, item: ScoredSystem, forms: Sequence[IntegralForm]) -> list[Node]:
        """Return terms that the equations of a system may miss."""
        terms = self.low_powers()
        if "abs" in self.functions:
            terms += [multiply(Variable(n), call("abs", Variable(n))) for n in self.names]
        return terms + (self.waves(item, forms) if self.may_be_waves else [])

    def waves(self, item: ScoredSystem, forms: Sequence[IntegralForm]) -> list[Node]:
        """Return waves in time that explain what the equations of a system leave."""
        pairs = zip(forms, item.equations, strict=True)
        return [wave for form, equation in pairs for wave in driving_waves(self._smoothed, form, equation)]
