"""Trajectories and motions: messages of the wire to types of discovery, and back."""

from __future__ import annotations

import math

from ansatz.discovery import Column, Motion, Trajectories
from ansatz.discovery.expression import to_text
from ansatz.v1 import observations_pb2, report_pb2


def trajectories_from_proto(message: observations_pb2.Trajectories, columns: tuple[Column, ...]) -> Trajectories:
    """The motion of a message, its columns read. Raises InvalidInputError."""
    return Trajectories(
        columns=columns,
        time=message.time,
        states=tuple(message.states),
        derivatives=tuple(message.derivatives),
        inputs=tuple(message.inputs),
        runs=tuple(message.runs),
        order=message.order or 1,
        held_out=tuple(message.held_out),
    )


def motion_to_proto(motion: Motion) -> report_pb2.Motion:
    return report_pb2.Motion(
        states={
            name: report_pb2.StateScores(
                rmse=_finite(s.rmse),
                r2=_finite(s.r2),
                rollout_rmse=_finite(s.rollout_rmse),
                rollout_r2=_finite(s.rollout_r2),
            )
            for name, s in motion.states.items()
        },
        diverges=motion.diverges,
        unstable_after=motion.unstable_after,
        conserved=[
            report_pb2.ConservedQuantity(formula=to_text(c.formula), drift=_finite(c.drift)) for c in motion.conserved
        ],
        shared_terms=motion.shared,
        order=motion.order,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
