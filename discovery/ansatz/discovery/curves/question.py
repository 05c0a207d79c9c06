"""What was asked of curves: read and checked once, before any work."""

from __future__ import annotations

from dataclasses import dataclass

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.reading import integral_violations
from ansatz.discovery.curves.ansatz import CurveAnsatz, parse_curve_ansatz
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.errors import InvalidInputError
from ansatz.discovery.expression import Node, variables


@dataclass(frozen=True, eq=False)
class CurveQuestion:
    """Curves with options.

    Attributes:
        observations: the curves.
        options: as the caller gave them.
        ansatz: the caller's own law, None where there is none.
        start: formulas of inputs to try first.
    """

    observations: Curves
    options: Options
    ansatz: CurveAnsatz | None = None
    start: tuple[Node, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names, in formulas, of the inputs that the caller's own formulas use."""
        own = (self.ansatz.inputs,) if self.ansatz else ()
        return tuple(dict.fromkeys(name for used in (*own, *map(variables, self.start)) for name in used))

    @property
    def engine(self) -> Engine:
        """Return NONE: no evolutionary engine searches the laws of curves."""
        return Engine.NONE


def read_question(curves: Curves, options: Options) -> CurveQuestion:
    """Return the question. Raises InvalidInputError with what is wrong with it."""
    return CurveQuestion(curves, options, parse_curve_ansatz(curves, options), _start(curves, options))


def _start(curves: Curves, options: Options) -> tuple[Node, ...]:
    """Return the formulas to try first, but those that hold the value itself: laws that the catalogue has."""
    own = curves.names.identifiers[curves.target]
    names = curves.names.with_more({curves.target: own})
    place = "options.start_formulas"
    formulas = names.parse_all(options.start_formulas, place)
    if refused := [v for i, f in enumerate(formulas) for v in integral_violations(f, f"{place}[{i}]")]:
        raise InvalidInputError(refused)
    return tuple(formula for formula in formulas if own not in variables(formula))
