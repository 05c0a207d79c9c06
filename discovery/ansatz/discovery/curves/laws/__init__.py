"""The catalogue of laws. To add one: declare it in a file of this package and list it here."""

from __future__ import annotations

from typing import Final

from ansatz.discovery.curves.laws import compute, joint, powers, shapes, tasks
from ansatz.discovery.curves.laws.law import BOUNDS, SELF, Law, Parameter

LAWS: Final[tuple[Law, ...]] = (
    shapes.CONSTANT, shapes.LINE, shapes.LOGARITHM, shapes.EXPONENTIAL, powers.POWER, joint.MONOMIAL,
    joint.MONOMIAL_FLOOR, powers.POWER_FLOOR, powers.TWO_POWERS, powers.BROKEN_ONCE, powers.BROKEN_TWICE,
    powers.ANNEALED, powers.ANNEALED_BY_RATE,
    joint.ADDITIVE, joint.ADDITIVE_TIED, joint.OVER_TRAINING, joint.KAPLAN, joint.KAPLAN_STEPS, joint.CRITICAL_BATCH,
    *compute.LAWS,
    tasks.PASS_UNTIL, tasks.CLUSTERED_ACCURACY, tasks.ALL_TOKENS_RIGHT, tasks.EDIT_DISTANCE, tasks.DOWNSTREAM_ERROR,
    tasks.ENTROPY_REWARD, tasks.OVERSHADOWING, tasks.REASONING_LENGTH, tasks.REASONING_LENGTH_BY_TASK,
    tasks.FINE_TUNING,
    shapes.MASSIVE_ACTIVATIONS, shapes.FIRST_ORDER, shapes.SECOND_ORDER, shapes.RISE_AND_FALL, shapes.INVERTED_U,
    shapes.ONE_SIGMOID, shapes.TWO_SIGMOIDS, shapes.GROKKING_BOUNDARY,
    joint.additive_in(3), joint.monomial_in(3),
    *(shapes.mixture(inputs) for inputs in (1, 2, 3, 4)),
)  # fmt: skip
"""Every law, the baselines first."""

__all__ = ["BOUNDS", "LAWS", "SELF", "Law", "Parameter"]
