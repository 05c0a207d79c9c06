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
    if options.per_group:
        text = "is for tables; a system has the same constants in all runs: leave it out"
        raise InvalidInputError([Violation("options.per_group", text)])
    if options.parameters and not options.ansatz:
        text = "are of an ansatz, and none is given; give options.ansatz, or leave them out"
        raise InvalidInputError([Violation("options.parameters", text)])
    ansatz = parse_motion_ansatz(trajectories, options)
    if ansatz is not None and trajectories.stochastic:
        text = "is not offered where noise drives the motion; leave it out, or trajectories.stochastic"
        raise InvalidInputError([Violation("options.ansatz", text)])
    return MotionQuestion(trajectories, options, ansatz)
