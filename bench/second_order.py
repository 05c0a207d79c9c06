"""Laws of acceleration from positions alone: pendulums, damped Duffing oscillators, driven oscillators.

    python -m bench.second_order                          6 of each class, noise 1e-3
    python -m bench.second_order --noise 0 0.001 0.01     and with more and less of it
    python -m bench.second_order --only driven --seeds 2  part of it
    python -m bench.second_order --report                 write the table of what was measured until now

Two runs a law, 200 samples of t in [0, 15] each. One file a case in bench/results/second_order/; a case that has one is
not run again (--again runs it). The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz import distribution
from ansatz.discovery import Column, Engine, Options, Trajectories, discover
from ansatz.discovery.expression import Array, Node, parse, to_text
from bench.odebench import same_law
from bench.systems import follow
from bench.tables import DOCUMENT, markdown, replace_part

RESULTS: Final = Path(__file__).parent / "results" / "second_order"
SAMPLES: Final = 200
SPAN: Final = 15.0
_POINTS: Final = 400
_COLUMNS: Final = (
    "class", "noise", "laws", "exact at rank 1", "exact in the list", "residual is noise", "median s", "slowest s",
)  # fmt: skip


@dataclass(frozen=True)
class Law:
    """An acceleration as a function of x, x_t and t, and two initial positions and rates."""

    formula: Node
    starts: tuple[tuple[float, float], ...]


def pendulum(rng: np.random.Generator) -> Law:
    stiffness = rng.uniform(2.0, 6.0)
    return _law(f"-{stiffness:.3f}*sin(x)", [(rng.uniform(1.5, 2.6), 0.0), (rng.uniform(0.3, 0.8), 1.0)])


def duffing(rng: np.random.Generator) -> Law:
    damping, linear, cubic = rng.uniform(0.1, 0.4), rng.uniform(0.5, 1.5), rng.uniform(0.4, 1.2)
    sign = rng.choice(["", "-"])
    text = f"{sign}{linear:.3f}*x - {cubic:.3f}*x**3 - {damping:.3f}*x_t"
    return _law(text, [(rng.uniform(1.5, 2.5), 0.0), (-rng.uniform(0.3, 1.0), rng.uniform(-1.5, -0.5))])


def driven(rng: np.random.Generator) -> Law:
    stiffness, damping, force = rng.uniform(2.0, 6.0), rng.uniform(0.1, 0.4), rng.uniform(0.5, 2.0)
    frequency, phase = rng.uniform(0.8, 3.0), rng.uniform(0.3, 1.2)
    text = f"{force:.3f}*cos({frequency:.3f}*t + {phase:.3f}) - {stiffness:.3f}*x - {damping:.3f}*x_t"
    return _law(text, [(rng.uniform(0.5, 1.5), 0.0), (-rng.uniform(0.3, 1.0), 1.0)])


CLASSES: Final[dict[str, Callable[[np.random.Generator], Law]]] = {
    "pendulum": pendulum, "duffing": duffing, "driven": driven,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """The law of a class that a seed draws, and the noise on its positions (σ = noise·std in the run)."""

    name: str
    seed: int
    noise: float

    @property
    def file(self) -> Path:
        return RESULTS / f"{self.name}.noise{self.noise:g}.seed{self.seed}.json"

    @property
    def law(self) -> Law:
        return CLASSES[self.name](np.random.default_rng(self.seed))

    def data(self) -> Trajectories:
        rng = np.random.default_rng([self.seed, 1])
        t = np.linspace(0, SPAN, SAMPLES)
        clean = [_positions(self.law, start, t) for start in self.law.starts]
        x = [c + self.noise * c.std() * rng.standard_normal(c.size) for c in clean]
        columns = (Column("t", np.tile(t, len(x))), Column("x", np.concatenate(x)))
        return Trajectories(columns, "t", ("x",), runs=tuple(str(k) for k in range(len(x)) for _ in t), order=2)

    def exact(self, formula: Node) -> bool:
        """Whether a formula is the law, by its values on a box twice as wide as the motion (see bench.odebench)."""
        t = np.linspace(0, SPAN, SAMPLES)
        seen = np.concatenate([_positions(self.law, start, t) for start in self.law.starts])
        rates = np.gradient(seen, t[1])
        rng = np.random.default_rng(0)
        box = {
            "x": rng.uniform(2 * seen.min(), 2 * seen.max(), _POINTS),
            "x_t": rng.uniform(2 * rates.min(), 2 * rates.max(), _POINTS),
            "t": rng.uniform(0, SPAN, _POINTS),
        }
        return same_law(formula, self.law.formula, box, self.noise)


def _law(text: str, starts: Sequence[tuple[float, float]]) -> Law:
    return Law(parse(text, ("x", "x_t", "t")), tuple(starts))


def _positions(law: Law, start: Sequence[float], t: Array) -> Array:
    """Time is a state of its own, so that the solver sees an autonomous system."""
    states = ("x", "x_t", "t")
    equations = (parse("x_t", states), law.formula, parse("1", states))
    positions: Array = follow(equations, states, (*start, 0.0), t)[:, 0]
    return positions


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.report:
        _measure(options)
    replace_part(DOCUMENT, "second_order", "\n".join(_table()))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "bench.second_order", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(CLASSES), default=list(CLASSES))
    parser.add_argument("--seeds", type=int, default=6, help="laws of each class")
    parser.add_argument("--noise", nargs="+", type=float, default=[1e-3], help="σ of the noise over the state's std")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a law")
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the table")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> None:
    cases = [Case(name, s, noise) for noise in options.noise for name in options.only for s in range(options.seeds)]
    RESULTS.mkdir(parents=True, exist_ok=True)
    for i, case in enumerate(cases, start=1):
        if case.file.exists() and not options.again:
            continue
        result = measure(case, options.budget)
        case.file.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        outcome = f"exact at {result['exact_rank']}" if result["exact_rank"] else f"not exact, for {result['truth']}"
        text = f"{i}/{len(cases)} {case.file.stem:32} {result['seconds']:6.1f} s  {outcome}: {result['best']}"
        print(text[:250], file=sys.stderr)


def measure(case: Case, budget: float) -> dict[str, Any]:
    """Search one case and judge what came out."""
    started = time.monotonic()
    report = discover(case.data(), Options(engine=Engine.NONE, budget_seconds=budget))
    seconds = time.monotonic() - started
    found = [c.equations["x"] for c in report.candidates]
    exact = [case.exact(formula) for formula in found]
    return {
        "class": case.name, "seed": case.seed, "noise": case.noise, "budget": budget, "seconds": seconds,
        "truth": to_text(case.law.formula), "best": to_text(found[0]) if found else "",
        "exact_rank": exact.index(True) + 1 if True in exact else None,
        "is_noise": report.residual is not None and report.residual.is_noise,
        "machine": f"{os.cpu_count()} × {platform.machine()}", "version": distribution.version(),
    }  # fmt: skip


def _table() -> list[str]:
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    if not results:
        return ["Nothing was measured yet."]
    keys = sorted({(list(CLASSES).index(r["class"]), r["class"], r["noise"]) for r in results})
    rows = []
    for _, name, noise in keys:
        own = [r for r in results if (r["class"], r["noise"]) == (name, noise)]
        seconds = [r["seconds"] for r in own]
        rows.append([
            name, f"{noise:g}", str(len(own)), str(sum(r["exact_rank"] == 1 for r in own)),
            str(sum(r["exact_rank"] is not None for r in own)), str(sum(r["is_noise"] for r in own)),
            f"{np.median(seconds):.1f}", f"{max(seconds):.1f}",
        ])  # fmt: skip
    return markdown(_COLUMNS, rows)


if __name__ == "__main__":
    main()
