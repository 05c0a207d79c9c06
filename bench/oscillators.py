"""From a first guess to the law: driven, damped, nonlinear oscillators, each with an ansatz that is not quite right.

    python -m bench.oscillators                        100 laws, noise 0 and 5 %, with and without an ansatz
    python -m bench.oscillators --laws 20 --noise 0    part of it
    python -m bench.oscillators --shard 1/4            every fourth law, from the first
    python -m bench.oscillators --report               write the table of what was measured until now

One file a case in bench/results/oscillators/; a case that has one is not run again (--again runs it). The table goes to
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.expression import Array, evaluate, to_text
from bench.judge import judge
from bench.motion import ROWS, Motion, motions
from bench.tables import DOCUMENT, markdown, quantile, replace_part

RESULTS: Final = Path(__file__).parent / "results" / "oscillators"
BUDGET: Final = 9.0
_COLUMNS: Final = (
    "start", "noise", "laws", "exact at rank 1", "exact in top 5", "error within 5 % of the noise", "median s",
    "90th percentile s", "slowest s",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A law with noise, searched from an ansatz or from nothing."""

    motion: Motion
    noise: float
    with_ansatz: bool

    @property
    def file(self) -> Path:
        start = "ansatz" if self.with_ansatz else "nothing"
        return RESULTS / f"{self.motion.id}.noise{self.noise:g}.{start}.json"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.report:
        _measure(options)
    replace_part(DOCUMENT, "oscillators", "\n".join(_table(_load())))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "bench.oscillators", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--laws", type=int, default=100)
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0, 0.05], help="σ of the noise over std(a)")
    parser.add_argument("--start", nargs="+", choices=["ansatz", "nothing"], default=["ansatz", "nothing"])
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="every N-th law, from the I-th")
    parser.add_argument("--engine", choices=[e.value for e in Engine], default="none")
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the table")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> None:
    first, step = (int(part) for part in options.shard.split("/"))
    laws = motions(options.laws)[first - 1 :: step]
    runs = [
        Run(motion, noise, start == "ansatz") for noise in options.noise for start in options.start for motion in laws
    ]
    open_runs = [run for run in runs if options.again or not run.file.exists()]
    print(f"{len(runs)} cases, {len(runs) - len(open_runs)} of them measured before", file=sys.stderr)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for i, run in enumerate(open_runs, start=1):
        result = measure(run, Engine(options.engine))
        scratch = run.file.with_suffix(".part")
        scratch.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        scratch.replace(run.file)
        outcome = "exact" if result["exact"] else f"not exact: {result['formula'][:120]} for {result['truth']}"
        print(f"{i}/{len(open_runs)} {run.file.stem:36} {result['seconds']:6.2f} s  {outcome}", file=sys.stderr)


def measure(run: Run, engine: Engine) -> dict[str, Any]:
    """Search one case and judge what came out."""
    motion, noisy = run.motion, run.motion.noisy(run.noise)
    columns = [Column(n, v) for n, v in motion.columns.items()]
    ansatz = motion.ansatz() if run.with_ansatz else ""
    started = time.monotonic()
    report = discover(
        Table((*columns, Column("a", noisy)), "a"), Options(engine=engine, budget_seconds=BUDGET, ansatz=ansatz)
    )
    seconds = time.monotonic() - started
    formulas = [c.formula for c in report.candidates[:5]]
    exact = [judge(formula, motion.law, run.noise).exact for formula in formulas]
    return {
        "law": motion.id, "noise": run.noise, "start": "ansatz" if run.with_ansatz else "nothing", "rows": ROWS,
        "seconds": seconds, "exact": exact[0], "exact_in_top": any(exact), "truth": to_text(motion.formula),
        "ansatz": ansatz, "formula": to_text(formulas[0]), "rank": exact.index(True) + 1 if any(exact) else None,
        "error_held": _error_held(evaluate(formulas[0], motion.columns, ROWS), noisy, motion.acceleration),
        "is_noise": report.residual is not None and report.residual.is_noise, "engine": engine.value,
    }  # fmt: skip


def _error_held(prediction: Array, noisy: Array, clean: Array) -> bool:
    """Whether the mean squared error is within 5 % of that of the noise itself; without noise, below 1e-10 var(a)."""
    noise = float(np.mean((noisy - clean) ** 2))
    error = float(np.mean((prediction - noisy) ** 2))
    return abs(error / noise - 1) <= 0.05 if noise else error < 1e-10 * float(np.var(clean))


def _load() -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(RESULTS.glob("*.json"))]


def _table(results: list[dict[str, Any]]) -> list[str]:
    if not results:
        return ["Nothing was measured yet."]
    groups: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["start"], result["noise"]), []).append(result)
    return markdown(_COLUMNS, (_row(*key, group) for key, group in sorted(groups.items())))


def _row(start: str, noise: float, results: list[dict[str, Any]]) -> list[str]:
    seconds = [r["seconds"] for r in results]

    def share(key: str) -> str:
        return f"{100 * sum(r[key] for r in results) / len(results):.0f} %"

    return [
        "an ansatz" if start == "ansatz" else "nothing", f"{noise:g}", str(len(results)), share("exact"),
        share("exact_in_top"), share("error_held"), f"{statistics.median(seconds):.2f}",
        f"{quantile(seconds, 0.9):.2f}", f"{max(seconds):.2f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
