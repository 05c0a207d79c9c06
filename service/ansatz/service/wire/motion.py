"""Trajectories and motions: messages of the wire to types of discovery, and back."""

from __future__ import annotations

import math

from ansatz.discovery import Column, Drift, Jump, JumpLaw, Motion, Reversion, SlowingDown, Trajectories
from ansatz.discovery.expression import to_text
from ansatz.service.wire.curves import estimate_to_proto
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
        stochastic=message.stochastic,
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
        diffusion=motion.diffusion,
    )


def drift_to_proto(drift: Drift | None) -> report_pb2.Drift | None:
    if drift is None:
        return None
    return report_pb2.Drift(
        reversions=map(_reversion, drift.reversions),
        slowing_down=map(_slowing_down, drift.slowing_down),
        gain_bits=_finite(drift.gain_bits),
        innovations_p=drift.innovations_p,
    )


def jump_to_proto(jump: Jump) -> report_pb2.Jump:
    return report_pb2.Jump(
        run=jump.run,
        state=jump.state,
        time=jump.time,
        before=jump.before,
        after=jump.after,
        position=_finite(jump.position),
    )


def jump_law_to_proto(law: JumpLaw) -> report_pb2.JumpLaw:
    return report_pb2.JumpLaw(
        state=law.state,
        count=law.count,
        before=estimate_to_proto(law.before),
        after=estimate_to_proto(law.after),
        ratio=estimate_to_proto(law.ratio),
        position=estimate_to_proto(law.position),
    )


def _reversion(reversion: Reversion) -> report_pb2.Reversion:
    return report_pb2.Reversion(
        state=reversion.state,
        group=reversion.group,
        at=reversion.at or {},
        rate=estimate_to_proto(reversion.rate),
        half_life=estimate_to_proto(reversion.half_life),
        mean=estimate_to_proto(reversion.mean),
        diffusion=estimate_to_proto(reversion.diffusion),
        stationary_std=_finite(reversion.stationary_std),
        random_walk_p=reversion.random_walk_p,
    )


def _slowing_down(slowing: SlowingDown) -> report_pb2.SlowingDown:
    return report_pb2.SlowingDown(
        state=slowing.state,
        parameter=slowing.parameter,
        law=slowing.law,
        slope=estimate_to_proto(slowing.slope),
        zero=estimate_to_proto(slowing.zero),
        p_value=slowing.p_value,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
