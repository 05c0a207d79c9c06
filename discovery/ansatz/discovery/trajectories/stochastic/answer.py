"""Whether noise drives a motion, told beside what was found without."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ansatz.discovery.evidence.significance import VERDICT, told
from ansatz.discovery.report.motion import WALK_LEVEL, Drift
from ansatz.discovery.report.report import Candidate, ResidualVerdict, Warning
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.stochastic.law import StochasticLaw

_CLEAR_BITS: Final = 20.0
"""Bits by which a stochastic law must be shorter than a deterministic one to be taken unasked. Chosen by judgement."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What is told of a motion.

    Attributes:
        candidates: ranked.
        verdict: whether the best leaves only noise.
        noise: how much it leaves, over the states' spread.
        warnings: on it.
        drift: what was found of a motion that noise drives, None where it does not.
    """

    candidates: tuple[Candidate, ...]
    verdict: ResidualVerdict | None
    noise: float
    warnings: tuple[Warning, ...]
    drift: Drift | None = None


class Noise:
    """Tell whether noise drives what was observed; `asked`: the caller says that it does."""

    def __init__(self, record: Record, asked: bool, seed: int) -> None:
        self._law = StochasticLaw(record)
        self._asked, self._seed = asked, seed

    def drives(self, bits: float) -> bool:
        """Return whether a linear stochastic law is clearly shorter than a deterministic one of `bits`.

        It must also leave only noise one step ahead.
        """
        if not self._law.possible:
            return False
        shortest = min(self._law.bits, self._law.walk_bits)
        return shortest < bits - _CLEAR_BITS and self._law.innovations_p > VERDICT.level

    def beside(self, found: Answer, tell: Callable[[], None]) -> Answer:
        """Return the answer with the stochastic law in its place, where noise drives the motion or it was asked for."""
        best = found.candidates[0].scores.description_length if found.candidates else math.inf
        if not self._law.possible or not (self._asked or self.drives(best)):
            return found
        drift = self._law.drift(best - self._law.bits, self._seed, tell)
        own = self._law.candidates(drift)
        shortest = min(c.scores.description_length for c in own)
        others = [c for c in found.candidates if not self._asked or c.scores.description_length > shortest]
        ranked = [replace(c, rank=i) for i, c in enumerate([*own, *others], start=1)]
        verdict = ResidualVerdict(drift.innovations_p > VERDICT.level, drift.innovations_p)
        noise = own[0].scores.relative_error
        return Answer(tuple(ranked), verdict, noise, tuple(_warnings(drift, verdict)), drift)


def _warnings(drift: Drift, verdict: ResidualVerdict) -> list[Warning]:
    found = [Warning("STOCHASTIC", "Noise drives the motion: equations give its mean, errors are of one step ahead.")]
    if drift.gain_bits < _CLEAR_BITS:
        text = f"A deterministic law describes the motion as well or better, by {-drift.gain_bits:.0f} bits."
        found = [Warning("NOT_STOCHASTIC", text)]
    walks = [r for r in drift.reversions if not r.reverts]
    if walks:
        names = ", ".join(dict.fromkeys(f"{r.state!r}" + (f" ({r.group})" if r.group else "") for r in walks))
        p = max(r.random_walk_p for r in walks)
        text = f"The data do not tell reversion of {names} from a random walk ({told(p, WALK_LEVEL)})."
        found.append(Warning("RANDOM_WALK", text))
    if any(r.rate.upper is None for r in drift.reversions):
        text = "A state reverts too fast for its samples: they are as good as independent. Sample more often."
        found.append(Warning("UNDERSAMPLED", text))
    if not verdict.is_noise:
        text = f"Steps are not independent ({told(verdict.p_value)}): errors of measurement, or a law with more memory."
        found.append(Warning("RESIDUAL_HAS_STRUCTURE", text))
    return found
