"""What the reader of a system of equations must know. Every code is described in docs/warnings.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.significance import told
from ansatz.discovery.expression import Node, evaluate, subtract, variables
from ansatz.discovery.expression.node import calls
from ansatz.discovery.report.report import Candidate, ResidualVerdict, Warning
from ansatz.discovery.trajectories.ansatz import MotionAnsatz
from ansatz.discovery.trajectories.judge import Judged
from ansatz.discovery.trajectories.named_constants import correlation_warnings
from ansatz.discovery.trajectories.refinement import RefinedMotion


@dataclass(frozen=True)
class _Rounding:
    """Say what is rounding of float64, and far below what a reader would call a difference.

    Attributes:
        straight: second difference of a formula over its values that is no bend.
        same: difference of two constants over their size that is none.
    """

    straight: float = 1e-9
    same: float = 1e-12


_ROUNDING: Final = _Rounding()


def result_warnings(
    judged: Sequence[Judged], candidates: Sequence[Candidate], verdict: ResidualVerdict | None
) -> list[Warning]:
    """Return warnings on ranked systems, the first of which is the result."""
    if not judged:
        text = "No system that was tried could be followed along the data: see the samples a period and the noise."
        return [Warning("NOTHING_FOLLOWS", text)]
    best = candidates[0]
    found = []
    nothing = not any(variables(e) for e in best.equations.values())
    if nothing:
        found.append(Warning("NOTHING_BEATS_BASELINE", "No system explains the motion better than constant rates."))
    held = judged[0].item.held
    loose = [c.parameter or f"{c.value:g}" for c in best.constants if c.std_error is None and c.parameter not in held]
    if loose and judged[0].item.fit.converged:
        text = f"The data do not determine {', '.join(loose)} of rank 1: other values fit as well."
        found.append(Warning("UNIDENTIFIABLE_CONSTANT", text))
    if verdict is not None and not verdict.is_noise:
        text = f"The residual is not only noise ({told(verdict.p_value)}): something is missing from the equations."
        found.append(Warning("RESIDUAL_HAS_STRUCTURE", text + _told(judged[0])))
    if not judged[0].motion.followed:
        text = "Rank 1 has the best equation of every state by itself; no trajectory of them together follows the data."
        found.append(Warning("NOT_FOLLOWED", text + _told(judged[0])))
    return [*found, *_thresholds(best), *([] if nothing else _rivals(judged)), *_stability(judged)]


def _told(judged: Judged) -> str:
    """Return which equations by themselves leave only noise, where some do and some do not."""
    states = judged.motion.states
    good, poor = ([f"{s}" for s, scores in states.items() if scores.told is t] for t in (True, False))
    if not good:
        return ""
    if not poor:
        return " By itself every equation leaves only noise."
    return f" By themselves the equations of {', '.join(good)} leave only noise; that of {', '.join(poor)} leaves more."


def ansatz_warnings(
    ansatz: MotionAnsatz | None, refined: RefinedMotion, candidates: Sequence[Candidate]
) -> list[Warning]:
    """Return what to know of the caller's own equations: whether they are followed, and of their constants."""
    if ansatz is None:
        return []
    if not refined.systems:
        text = "The ansatz is not finite along the data for any constants that were tried: it is not in the answer."
        return [Warning("ANSATZ_NOT_FOLLOWED", f"{text} Give starts (--start), or bounds of its constants (--bounds).")]
    found = []
    if not refined.is_followed:
        text = "The ansatz could not be followed along the data: no trajectory of it was found near them."
        text += " It is given as it was fitted in integral form, along smoothed states, and stands last."
        found.append(Warning("ANSATZ_NOT_FOLLOWED", text))
    if refined.is_followed and refined.systems[0].fit.pieces == 0:
        text = "Runs begin with states that are exactly zero, as prepared: the ansatz starts from the first samples."
        found.append(Warning("PREPARED_RUNS", text))
    for name, value in refined.systems[0].held.items():
        found.append(Warning("CONSTANT_AT_BOUND", f"{name} ended at its bound {value:g}: the data want it beyond."))
    return [*found, *correlation_warnings(candidates)]


def _thresholds(best: Candidate) -> list[Warning]:
    """Return one warning for each threshold at which right-hand sides change."""
    where: dict[tuple[str, float], list[str]] = {}
    for state, equation in best.equations.items():
        for node in calls(equation, "sign", "max", "min"):
            place = _zero(node.args[0] if node.op == "sign" else subtract(*node.args))
            if place is not None:
                where.setdefault(place, []).append(state)
    found = []
    for (name, value), states in where.items():
        text = f"The law of {', '.join(dict.fromkeys(states))} differs below and above {name} = {value:.6g}"
        known = next((c for c in best.constants if abs(abs(c.value) - abs(value)) <= _ROUNDING.same * abs(value)), None)
        if known is not None and known.lower is not None and known.upper is not None:
            sign = math.copysign(1.0, known.value * value)
            low, high = sorted((sign * known.lower, sign * known.upper))
            text += f" (95 %: {low:.6g} to {high:.6g})"
        found.append(Warning("THRESHOLD", text + "."))
    return found


def _zero(formula: Node) -> tuple[str, float] | None:
    """Return the one variable of a formula and where it is zero, if it is a straight line."""
    names = variables(formula)
    if len(names) != 1:
        return None
    a, b, c = (float(v) for v in evaluate(formula, {names[0]: np.array([0.0, 1.0, 2.0])}, 3))
    if a == b or abs(a - 2 * b + c) > _ROUNDING.straight * (abs(a) + abs(b) + abs(c)):
        return None
    return names[0], a / (a - b) + 0.0


def _rivals(judged: Sequence[Judged]) -> list[Warning]:
    limit = judged[0].item.bits + judged[0].indistinguishable
    rivals = [j for j in judged[1:] if j.item.bits <= limit and not j.motion.diverges]
    if not rivals:
        return []
    text = f"The data do not tell rank 1 from {len(rivals)} other system(s)."
    return [Warning("INDISTINGUISHABLE_HERE", text)]


def _stability(judged: Sequence[Judged]) -> list[Warning]:
    motion = judged[0].motion
    if motion.diverges:
        return [Warning("DIVERGES", "Followed from its initial states, rank 1 runs away within the observed span.")]
    if motion.unstable_after is not None:
        text = f"Followed beyond the data, rank 1 runs away after a time of {motion.unstable_after:.4g}."
        return [Warning("UNSTABLE", text)]
    return []
