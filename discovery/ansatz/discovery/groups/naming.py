"""Names for the constants that all groups share, where the data allow them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansatz.discovery.evidence.description_length import ROUNDING, precision_bits, residual_bits
from ansatz.discovery.evidence.naming import WITHIN, Name, least_gain, names_near
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.sharing import ScoredGroups, scored


def name_shared(current: ScoredGroups, problem: GroupedProblem, kept: Collection[int] = ()) -> ScoredGroups:
    """Shared constants, but those `kept`, put at named values where that saves enough description length.

    The largest gain first, the other constants refitted each time.
    """
    while True:
        trials = [_named(current, j, name, problem) for j, name in _choices(current, problem, kept)]
        paying = [t for t in trials if t is not None]
        if not paying:
            return current
        current = min(paying, key=lambda s: s.description_length)


def _choices(current: ScoredGroups, problem: GroupedProblem, kept: Collection[int]) -> Iterator[tuple[int, Name]]:
    within = t_quantile(problem.problem.rows - current.fit.fitted, WITHIN)
    for j in current.fit.shared:
        error = float(current.errors[j, 0])
        if j not in kept and error >= 0:
            value = float(current.fit.values[j, 0])
            # The shortest name is the likeliest; zero would change the structure.
            yield from ((j, name) for name in [n for n in names_near(value, within * error) if n.value][:2])


def _named(current: ScoredGroups, j: int, name: Name, problem: GroupedProblem) -> ScoredGroups | None:
    fit = current.fit
    values = fit.values.copy()
    values[j] = name.value
    trial = fit_groups(fit.structure, problem, values, fit.per_group, fit.fixed | {j})
    # As for a single formula, only the known digits count.
    gain = precision_bits(float(fit.values[j, 0]), float(current.errors[j, 0])) - name.bits
    before, after = (residual_bits(f.rmse, f.fitted, problem.problem) for f in (fit, trial))
    if trial.rmse <= ROUNDING * 10 * problem.problem.y_scale:
        after = min(before, after)
    is_exponent = fit.structure.constants[j].positions[0] in exponent_positions(fit.structure.formula)
    if gain - (after - before) <= least_gain(name, is_exponent):
        return None
    return scored(trial, problem, {**current.names, j: (name.text, name.bits)})
