"""What was asked of curves: read and checked once, before any work."""

from __future__ import annotations

from dataclasses import dataclass

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.curves.ansatz import CurveAnsatz, parse_curve_ansatz
from ansatz.discovery.data.curves import Curves


@dataclass(frozen=True, eq=False)
class CurveQuestion:
    """Curves with options; `ansatz` is the caller's own law, None where there is none."""

    observations: Curves
    options: Options
    ansatz: CurveAnsatz | None = None

    @property
    def engine(self) -> Engine:
        """No evolutionary engine searches the laws of curves."""
        return Engine.NONE


def read_question(curves: Curves, options: Options) -> CurveQuestion:
    """Return the question. Raises InvalidInputError with what is wrong with it."""
    return CurveQuestion(curves, options, parse_curve_ansatz(curves, options))
