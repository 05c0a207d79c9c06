"""What was asked of trajectories: read and checked once, before any work."""

from __future__ import annotations

from dataclasses import dataclass

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.data.trajectories import Trajectories
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
    return MotionQuestion(trajectories, options, parse_motion_ansatz(trajectories, options))
