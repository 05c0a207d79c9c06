"""What was asked of trajectories: read and checked once, before any work."""

from __future__ import annotations

from dataclasses import dataclass

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.trajectories.ansatz import MotionAnsatz, parse_motion_ansatz


@dataclass(frozen=True, eq=False)
class MotionQuestion:
    """Trajectories with options; `ansatz` are the caller's own equations, None where there are none."""

    observations: Trajectories
    options: Options
    ansatz: MotionAnsatz | None = None

    @property
    def engine(self) -> Engine:
        """Return NONE: no evolutionary engine searches laws of motion."""
        return Engine.NONE


def read_question(trajectories: Trajectories, options: Options) -> MotionQuestion:
    """Return the question. Raises InvalidInputError with what is wrong with it."""
    ansatz = parse_motion_ansatz(trajectories, options)
    if trajectories.unobserved and (ansatz is None or len(ansatz.equations) < len(trajectories.states)):
        named = ", ".join(map(repr, trajectories.unobserved))
        text = f"{named} has no samples; beside a state that nobody saw give an ansatz with an equation for every state"
        raise InvalidInputError([Violation("trajectories.states", text)])
    return MotionQuestion(trajectories, options, ansatz)
