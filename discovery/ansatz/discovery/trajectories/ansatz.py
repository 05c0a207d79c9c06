"""The caller's ansatz for a motion: right-hand sides of some states or all, with free constants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import MAX_PARAMETERS, Loss
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import FUNCTIONS, Apply, Node, variables, walk

_FIELD = "options.ansatz"
_EQUATION = re.compile(r"\s*([^:=;\n]+?)\s*[:=](?!=)\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class MotionAnsatz:
    """Right-hand sides by the place of their state; free constants are variables, `starts` where their fit begins
    (None: wherever it goes best)."""

    equations: Mapping[int, Node]
    starts: Mapping[str, float | None]


def parse_motion_ansatz(trajectories: Trajectories, options: Options) -> MotionAnsatz | None:
    """The ansatz "x: a*x - b*x*y; y: c*x*y - d*y", one equation a state (after ";" or on a line of its own), or of one
    state its right-hand side alone. None where there is none. Raises InvalidInputError."""
    if not options.ansatz:
        return None
    names = trajectories.names
    equations: dict[int, Node] = {}
    for text in filter(str.strip, re.split(r"[;\n]", options.ansatz)):
        place, right = _state_of(text, trajectories)
        if place in equations:
            state = trajectories.states[place]
            raise InvalidInputError([Violation(_FIELD, f"has two equations for {state!r}; give one a state")])
        equations[place] = names.parse(right, _FIELD, free=True)
    free = list(dict.fromkeys(n for e in equations.values() for n in variables(e) if n not in names.usable))
    stated = {p.name: p.start for p in options.parameters}
    ansatz = MotionAnsatz(equations, {name: stated.get(name) for name in free})
    if violations := [*_violations(ansatz, options), *_parameter_violations(ansatz, options)]:
        raise InvalidInputError(violations)
    return ansatz


def _state_of(text: str, trajectories: Trajectories) -> tuple[int, str]:
    """The place of the state that an equation is for, and its right-hand side."""
    states, names = trajectories.states, trajectories.names.identifiers
    found = _EQUATION.fullmatch(text)
    if found is None:
        if len(states) == 1:
            return 0, text
        shown = f"{states[0]}: a*{names[states[0]]}; {states[1]}: …"
        raise InvalidInputError([Violation(_FIELD, f"{text.strip()[:60]!r} names no state; write {shown!r}")])
    state = found[1]
    places = [i for i, s in enumerate(states) if state in (s, names[s])]
    if not places:
        known = ", ".join(map(repr, states))
        raise InvalidInputError([Violation(_FIELD, f"{state[:60]!r} is no state; states: {known}")])
    return places[0], found[2]


def _violations(ansatz: MotionAnsatz, options: Options) -> Iterator[Violation]:
    called = {n.op for e in ansatz.equations.values() for n in walk(e) if isinstance(n, Apply) and n.op in FUNCTIONS}
    if refused := sorted(called - set(options.functions)):
        yield Violation(_FIELD, f"calls {', '.join(refused)}, which options.functions leaves out; add it there")
    if len(ansatz.starts) > MAX_PARAMETERS:
        yield Violation(_FIELD, f"has {len(ansatz.starts)} free constants; give at most {MAX_PARAMETERS}")
    if options.fixed_numbers:
        yield Violation("options.fixed_numbers", "is for tables; whole numbers of a motion's ansatz stay as they are")
    if options.loss is not Loss.SQUARED:
        yield Violation("options.loss", f"is {options.loss}, which is for tables; give {Loss.SQUARED}")


def _parameter_violations(ansatz: MotionAnsatz, options: Options) -> Iterator[Violation]:
    for i, parameter in enumerate(options.parameters):
        field = f"options.parameters[{i}]"
        if parameter.name not in ansatz.starts:
            known = ", ".join(ansatz.starts) or "none"
            text = f"{parameter.name[:80]!r} is no free constant of the ansatz; its free constants: {known}"
            yield Violation(f"{field}.name", text)
        if math.isfinite(parameter.lower) or math.isfinite(parameter.upper):
            yield Violation(field, f"bounds {parameter.name!r}; bounds are for tables: give a start alone")
