"""Names for the constants that all groups share, where the data allow them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansatz.discovery.evidence.description_length import added_bits
from ansatz.discovery.evidence.naming import Choice, choices
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.sharing import ScoredGroups, scored


def name_shared(current: ScoredGroups, problem: GroupedProblem, kept: Collection[int] = ()) -> ScoredGroups:
    """Shared constants, but those `kept`, put at named values where that saves enough bits.

    The largest saving first, the other constants refitted each time.
    """
    while True:
        trials = [_named(current, j, choice, problem) for j, choice in _choices(current, problem, kept)]
        paying = [t for t in trials if t is not None]
        if not paying:
            return current
        current = max(paying, key=lambda trial: trial[0])[1]


def _choices(current: ScoredGroups, problem: GroupedProblem, kept: Collection[int]) -> Iterator[tuple[int, Choice]]:
    degrees = problem.problem.rows - current.fit.fitted
    exponents = exponent_positions(current.fit.structure.formula)
    for j in current.fit.shared:
        if j not in kept:
            is_exponent = current.fit.structure.constants[j].positions[0] in exponents
            found = choices(float(current.fit.values[j, 0]), float(current.errors[j, 0]), degrees, is_exponent)
            # The shortest name is the likeliest; zero would change the structure.
            yield from ((j, choice) for choice in [c for c in found if c.name.value][:2])


def _named(current: ScoredGroups, j: int, choice: Choice, problem: GroupedProblem) -> tuple[float, ScoredGroups] | None:
    """Return what a name saves, in bits, and the fit with it; None where that is too little."""
    fit, name = current.fit, choice.name
    values = fit.values.copy()
    values[j] = name.value
    trial = fit_groups(fit.structure, problem, values, fit.per_group, fit.fixed | {j})
    before, after = ((f.rmse, f.fitted) for f in (fit, trial))
    saved = choice.gain - added_bits(before, after, problem.problem)
    if saved <= choice.floor:
        return None
    return saved, scored(trial, problem, {**current.names, j: (name.text, name.bits)})
