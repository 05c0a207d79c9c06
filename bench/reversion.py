"""How often the 95 % interval of a rate of mean reversion holds, in small samples and next to a random walk.

    python -m bench.reversion               400 processes of each kind
    python -m bench.reversion --cases 50    fewer

Ornstein-Uhlenbeck processes are simulated by their exact transitions, in equilibrium from the first sample. The table
goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.stochastic.inference import Inference, Samples
from bench.tables import DOCUMENT, markdown, replace_part

MEAN: Final = 1.5
DIFFUSION: Final = 0.3
_COLUMNS: Final = (
    "rate", "samples", "time", "runs", "steps", "processes", "interval of the rate holds", "too low", "too high",
    "median estimate", "median of maximum likelihood", "interval of the mean holds", "of the diffusion",
    "median s",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """Processes of one rate: `samples` a run over `time`, in even or irregular steps."""

    rate: float
    samples: int
    time: float
    runs: int
    irregular: bool

    def drawn(self, rng: np.random.Generator) -> Samples:
        times, values = [], []
        for _ in range(self.runs):
            t = np.linspace(0, self.time, self.samples)
            if self.irregular:
                t = np.sort(rng.uniform(0, self.time, self.samples))
            times.append(t)
            values.append(MEAN + DIFFUSION * self._process(t, rng))
        return Samples(tuple(times), tuple(values))

    def _process(self, t: Array, rng: np.random.Generator) -> Array:
        decay = np.exp(-self.rate * np.diff(t))
        spread = np.sqrt(-np.expm1(-2 * self.rate * np.diff(t)) / (2 * self.rate))
        x = np.empty(t.size)
        x[0] = rng.standard_normal() / np.sqrt(2 * self.rate)
        for k, shock in enumerate(rng.standard_normal(decay.size)):
            x[k + 1] = x[k] * decay[k] + spread[k] * shock
        return x


KINDS: Final = (
    Kind(0.1, 150, 20.0, 1, irregular=True),
    Kind(0.5, 100, 20.0, 1, irregular=False),
    Kind(1.0, 40, 10.0, 2, irregular=True),
    Kind(0.3, 200, 60.0, 1, irregular=False),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.reversion", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=400, help="processes of each kind")
    options = parser.parse_args(arguments)
    rows = []
    for kind in KINDS:
        rows.append(_row(kind, options.cases))
        print(" | ".join(rows[-1]), flush=True)
    replace_part(DOCUMENT, "reversion", "\n".join(markdown(_COLUMNS, rows)))


def _row(kind: Kind, cases: int) -> list[str]:
    rng = np.random.default_rng(0)
    low = high = mean_held = diffusion_held = 0
    estimates, likeliest, seconds = [], [], []
    for seed in range(cases):
        samples = kind.drawn(rng)
        started = time.monotonic()
        inference = Inference(samples, seed)
        rate = inference.rate()
        mean, diffusion = inference.mean(rate), inference.diffusion()
        seconds.append(time.monotonic() - started)
        low += rate.upper is not None and rate.upper < kind.rate
        high += (rate.lower or 0.0) > kind.rate
        mean_held += mean.lower is None or mean.upper is None or mean.lower <= MEAN <= mean.upper
        diffusion_held += (diffusion.lower or 0.0) <= DIFFUSION <= (diffusion.upper or np.inf)
        estimates.append(rate.value or 0.0)
        likeliest.append(inference.likeliest.rate)
    return [
        f"{kind.rate:g}", str(kind.samples), f"{kind.time:g}", str(kind.runs),
        "irregular" if kind.irregular else "even", str(cases), f"{1 - (low + high) / cases:.1%}", f"{low / cases:.1%}",
        f"{high / cases:.1%}", f"{np.median(estimates):.3g}", f"{np.median(likeliest):.3g}", f"{mean_held / cases:.1%}",
        f"{diffusion_held / cases:.1%}", f"{np.median(seconds):.2f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
