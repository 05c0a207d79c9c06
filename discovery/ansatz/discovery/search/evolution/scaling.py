"""Inputs brought into the range in which an engine's initial constants make sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Node, Number, Variable, divide
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Near:
    """Say which inputs are near 1. Chosen by judgement: engines draw their constants near 1.

    Attributes:
        least: largest value of an input.
        most: largest value of an input.
    """

    least: float = 0.01
    most: float = 100.0


_NEAR: Final = _Near()


def input_scales(problem: Problem) -> tuple[float, ...]:
    """Return what to divide each input by: its largest value where that is far from 1, else 1.

    Units that are near 1 are left alone: engines draw constants near 1, and a frequency is found from near it only.
    """
    tops = [float(np.max(np.abs(problem.X[:, j]))) for j in range(len(problem.names))]
    return tuple(top if top > 0 and not _NEAR.least <= top <= _NEAR.most else 1.0 for top in tops)


def scaled_inputs(problem: Problem, scales: tuple[float, ...]) -> tuple[Node, ...]:
    """Return each input over its scale, as a formula."""
    return tuple(
        Variable(name) if scale == 1 else divide(Variable(name), Number(scale))
        for name, scale in zip(problem.names, scales, strict=True)
    )
