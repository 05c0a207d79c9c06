"""What the reader of a system of equations must know. Every code is described in docs/warnings.md."""

from __future__ import annotations

from collections.abc import Sequence

from ansatz.discovery.expression import variables
from ansatz.discovery.report import Candidate, ResidualVerdict, Warning
from ansatz.discovery.trajectories.judge import INDISTINGUISHABLE_BITS, Judged


def result_warnings(
    judged: Sequence[Judged], candidates: Sequence[Candidate], verdict: ResidualVerdict | None
) -> list[Warning]:
    """Warnings on ranked systems, the first of which is the result."""
    if not judged:
        text = "No system that was tried could be followed along the data: see the samples a period and the noise."
        return [Warning("NOTHING_FOLLOWS", text)]
    best = candidates[0]
    found = []
    if not any(variables(e) for e in best.equations.values()):
        found.append(Warning("NOTHING_BEATS_BASELINE", "No system explains the motion better than constant rates."))
    loose = [f"{c.value:g}" for c in best.constants if c.std_error is None]
    if loose:
        text = f"The data do not determine {', '.join(loose)} of rank 1: other values fit as well."
        found.append(Warning("UNIDENTIFIABLE_CONSTANT", text))
    if verdict is not None and not verdict.is_noise:
        text = f"The residual is not only noise (p = {verdict.p_value:.2g}): something is missing from the equations."
        found.append(Warning("RESIDUAL_HAS_STRUCTURE", text))
    return [*found, *_rivals(judged), *_stability(judged)]


def _rivals(judged: Sequence[Judged]) -> list[Warning]:
    limit = judged[0].item.bits + INDISTINGUISHABLE_BITS
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
