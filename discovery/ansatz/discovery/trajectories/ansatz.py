"""The caller's ansatz for a motion: right-hand sides of some states or all, with free constants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.asked.reading import FIELD, read, size_violations
from ansatz.discovery.asked.reading import violations as reading_violations
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node, constants

_EQUATION = re.compile(r"\s*([^:=;\n]+?)\s*[:=](?!=)\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class MotionAnsatz:
    """Right-hand sides by the place of their state, in which free constants are variables.

    `parameters` are the free constants, with where the fit of each begins and how it is bounded.
    """

    equations: Mapping[int, Node]
    parameters: tuple[Parameter, ...]


def parse_motion_ansatz(trajectories: Trajectories, options: Options) -> MotionAnsatz | None:
    """Return the ansatz "x: a*x - b*x*y; y: c*x*y - d*y", None where there is none. Raises InvalidInputError.

    It has one equation a state, after ";" or on a line of its own; of one state its right-hand side alone will do.
    """
    if not options.ansatz:
        return None
    texts: dict[int, str] = {}
    for text in filter(str.strip, re.split(r"[;\n]", options.ansatz)):
        place, right = _state_of(text, trajectories)
        if place in texts:
            state = trajectories.states[place]
            raise InvalidInputError([Violation(FIELD, f"has two equations for {state!r}; give one a state")])
        texts[place] = right
    reading = read(list(texts.values()), trajectories.names, options)
    numbers = sum(len(constants(formula)) for formula in reading.formulas)
    violations = [
        *reading_violations(reading, trajectories.names, options),
        *size_violations(reading, len(reading.free) + numbers, trajectories.rows),
    ]
    if violations:
        raise InvalidInputError(violations)
    equations = dict(zip(texts, reading.formulas, strict=True))
    return MotionAnsatz(equations, reading.parameters)


def _state_of(text: str, trajectories: Trajectories) -> tuple[int, str]:
    """Return the place of the state that an equation is for, and its right-hand side."""
    states, names = trajectories.states, trajectories.names.identifiers
    found = _EQUATION.fullmatch(text)
    if found is None:
        if len(states) == 1:
            return 0, text
        shown = f"{states[0]}: a*{names[states[0]]}; {states[1]}: …"
        raise InvalidInputError([Violation(FIELD, f"{text.strip()[:60]!r} names no state; write {shown!r}")])
    state = found[1]
    places = [i for i, s in enumerate(states) if state in (s, names[s])]
    if not places:
        known = ", ".join(map(repr, states))
        raise InvalidInputError([Violation(FIELD, f"{state[:60]!r} is no state; states: {known}")])
    return places[0], found[2]
