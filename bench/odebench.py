"""How many known systems of differential equations are found, exactly, and how well they foretell.

    python -m bench.odebench                                  ODEBench and this project's systems without noise
    python -m bench.odebench --noise 0 0.01 0.05              and with it
    python -m bench.odebench --noise 0.01 --kept 0.5          half of the samples removed at random
    python -m bench.odebench --only 27 --methods ansatz       one system
    python -m bench.odebench --shard 1/4                      every fourth system, from the first
    python -m bench.odebench --report                         write the table of what was measured until now

Two runs of 150 samples each, t in [0, 10]. One file a case in bench/results/odes/; a case that has one is not run again
(--again runs it), so that a run can be broken off and taken up. The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz import distribution
from ansatz.discovery import Engine, Options, Trajectories, discover
from ansatz.discovery.expression import Array, Node, complexity, evaluate, parse, simplify, to_text, variables
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.expression.numbers import free_positions, numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from bench.systems import SAMPLES, SETS, SPAN, KnownSystem, MotionCase, follow, load
from bench.tables import DOCUMENT, replace_part

RESULTS: Final = Path(__file__).parent / "results" / "odes"
TOLERANCE: Final = 1e-6
_POINTS: Final = 400
_SHARE: Final = 0.99
_ZERO: Final = 1e-9
_GOOD: Final = 0.9


@dataclass(frozen=True)
class FoundSystem:
    """Equations by rank; `intervals` are those of the first one's constants, in order of appearance."""

    systems: tuple[tuple[Node, ...], ...]
    intervals: tuple[tuple[float, float] | None, ...] = ()


Method = Callable[[Trajectories, float, int], FoundSystem]


def ansatz(data: Trajectories, budget: float, seed: int) -> FoundSystem:
    report = discover(data, Options(engine=Engine.NONE, budget_seconds=budget, seed=seed))
    constants = report.candidates[0].constants if report.candidates else ()
    intervals = tuple((c.lower, c.upper) if c.lower is not None and c.upper is not None else None for c in constants)
    return FoundSystem(tuple(tuple(c.equations.values()) for c in report.candidates), intervals)


def pysindy(data: Trajectories, budget: float, seed: int) -> FoundSystem:
    """pysindy with polynomials of degree 3 and STLSQ, as its documentation has it: finite differences, smoothed ones,
    and the weak form where the runs share their times, of ten thresholds each. Of these models that is taken whose
    simulated runs describe the data best, by the Bayesian information criterion."""
    import pysindy as ps

    t = data.column(data.time).values
    runs = list(data.slices.values())
    X = [np.column_stack([data.column(s).values[r] for s in data.states]) for r in runs]
    times = [t[r] for r in runs]
    ways = [(ps.PolynomialLibrary(degree=3), d()) for d in (ps.FiniteDifference, ps.SmoothedFiniteDifference)]
    if all(np.array_equal(times[0], other) for other in times[1:]):
        weak = ps.WeakPDELibrary(ps.PolynomialLibrary(degree=3), spatiotemporal_grid=times[0], K=200)
        ways.append((weak, ps.FiniteDifference()))
    best = (math.inf, FoundSystem(()))
    for library, difference in ways:
        for threshold in np.geomspace(1e-3, 1.0, 10):
            optimizer = ps.STLSQ(threshold=threshold, alpha=1e-5)
            model = ps.SINDy(optimizer=optimizer, feature_library=library, differentiation_method=difference)
            with warnings.catch_warnings(action="ignore"):
                model.fit(X, t=times, feature_names=list(data.states))
            found = tuple(parse(_pysindy_text(e), data.states) for e in model.equations(precision=17))
            score = _simulated_bic(found, data.states, X, times, int(np.count_nonzero(model.coefficients())))
            best = min(best, (score, FoundSystem((found,))), key=lambda item: item[0])
    return best[1]


def _simulated_bic(
    found: Sequence[Node], states: Sequence[str], X: Sequence[Array], times: Sequence[Array], constants: int
) -> float:
    """The criterion of the runs as simulated from their first samples."""
    error = [follow(found, states, x[0], t, 1e-6) - x for x, t in zip(X, times, strict=True)]
    n = sum(map(len, times))
    with np.errstate(all="ignore"):
        score = n * float(np.sum(np.log(np.mean(np.vstack(error) ** 2, axis=0) + 1e-300)))
    return score + math.log(n) * constants if math.isfinite(score) else math.inf


def _pysindy_text(text: str) -> str:
    """ "-1.5 x_0 + 2.0 x_0^2 x_1" in Python's operators."""
    terms = []
    for term in text.split(" + "):
        factors = [f for f in term.split() if f != "1"]
        terms.append("*".join(f.replace("^", "**") for f in factors) or "0")
    return "+".join(f"({term})" for term in terms) or "0"


METHODS: Final[dict[str, Method]] = {"ansatz": ansatz, "pysindy": pysindy}


@dataclass(frozen=True)
class Run:
    """One case for one method."""

    case: MotionCase
    method: str
    budget: float

    @property
    def file(self) -> Path:
        return RESULTS / f"{self.method}.budget{self.budget:g}.{self.case.name}.json"


def is_exact(found: Sequence[Node], system: KnownSystem, noise: float) -> bool:
    """Whether every equation is the system's on a box twice as wide as the states' range.

    Without noise as it stands, to a relative 1e-6; with noise by its structure: constants that are no integers, but for
    exponents, are first fitted to the law. No other variable, no term that vanishes, at most twice the nodes and four.
    """
    columns = _box(system)
    return all(same_law(f, e, columns, noise) for f, e in zip(found, system.equations, strict=True))


def same_law(formula: Node, law: Node, columns: dict[str, Array], noise: float) -> bool:
    truth = evaluate(law, columns, _POINTS)
    if set(variables(formula)) - set(columns) or complexity(simplify(formula)) > 2 * complexity(simplify(law)) + 4:
        return False
    if noise:
        X = np.asfortranarray(np.column_stack(list(columns.values())))
        kept = np.isfinite(truth)
        problem = Problem(X[kept], truth[kept], tuple(columns), frozenset(), 200, 0)
        structural = exponent_positions(formula)
        fittable = [p for p in free_positions(formula) if p not in structural]
        formula = fit_constants(formula, problem, fittable, 2000).formula
    if any(abs(v) < _ZERO for v in numbers(formula) if v):
        return False
    scale = np.abs(truth) + np.nanmedian(np.abs(truth))
    with np.errstate(all="ignore"):
        close = np.abs(evaluate(formula, columns, _POINTS) - truth) <= TOLERANCE * scale
    return bool(np.mean(close[np.isfinite(truth)]) >= _SHARE)


def _box(system: KnownSystem) -> dict[str, Array]:
    t = np.linspace(0, SPAN, SAMPLES)
    seen = np.vstack([follow(system.equations, system.states, start, t) for start in system.initial])
    low, high = np.nanmin(seen, axis=0), np.nanmax(seen, axis=0)
    width = high - low
    lowest = np.where((low >= 0) & (low < width / 2), low / 2, low - width / 2)
    rng = np.random.default_rng(0)
    points = rng.uniform(lowest, lowest + 2 * width, (_POINTS, low.size))
    return {name: points[:, j] for j, name in enumerate(system.states)}


def rollout_r2(found: Sequence[Node], system: KnownSystem) -> float:
    """R² over all states, each in units of its spread, from an initial state that was not in the data."""
    t = np.linspace(0, SPAN, SAMPLES)
    truth = follow(system.equations, system.states, system.fresh, t)
    guess = follow(found, system.states, system.fresh, t)
    spread = truth.std(axis=0)
    error = np.nan_to_num((guess - truth) / np.where(spread > 0, spread, 1.0), nan=np.inf, posinf=np.inf, neginf=np.inf)
    with np.errstate(over="ignore"):
        return float(1.0 - np.mean(error**2))


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.report:
        _measure(options)
    write_table()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "bench.odebench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--only", nargs="+", default=[], metavar="SYSTEM")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="every N-th system, from the I-th")
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0], help="σ of the noise over the state's std")
    parser.add_argument("--kept", nargs="+", type=float, default=[1.0], help="share of the samples kept")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a system")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the table")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> None:
    first, step = (int(part) for part in options.shard.split("/"))
    systems = load(options.sets, options.only)[first - 1 :: step]
    methods = [m for m in options.methods if m != "pysindy" or find_spec("pysindy")]
    if "pysindy" in options.methods and "pysindy" not in methods:
        print("pysindy is left out: the package is not installed", file=sys.stderr)
    runs = [
        Run(MotionCase(system, noise, kept, options.seed), method, options.budget)
        for noise in options.noise
        for kept in options.kept
        for system in systems
        for method in methods
    ]
    RESULTS.mkdir(parents=True, exist_ok=True)
    for i, run in enumerate(runs, start=1):
        if run.file.exists() and not options.again:
            continue
        result = measure(run)
        run.file.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        outcome = "exact" if result["exact_rank"] == 1 else f"exact at {result['exact_rank']}"
        print(
            f"{i}/{len(runs)} {run.method:8} {run.case.name:40} {result['seconds']:6.1f} s  {outcome}, "
            f"R² {result['rollout_r2']}: {result['best']}"[:250],
            file=sys.stderr,
        )


def measure(run: Run) -> dict[str, Any]:
    """Run one case and judge what came out."""
    system, noise = run.case.system, run.case.noise
    data = run.case.data()
    started, cpu, failure = time.monotonic(), time.process_time(), ""
    try:
        found = METHODS[run.method](data, run.budget, run.case.seed)
    except Exception as error:  # a method that fails on a system has not found it; the others go on
        found, failure = FoundSystem(()), f"{type(error).__name__}: {error}"
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    exact = [is_exact(equations, system, noise) for equations in found.systems]
    best = found.systems[0] if found.systems else None
    r2 = rollout_r2(best, system) if best else math.nan
    held, stated = _covered(best, found.intervals, system) if best and exact[0] else (0, 0)
    return {
        "method": run.method, "set": system.set, "system": system.id, "noise": noise, "kept": run.case.kept,
        "seed": run.case.seed, "budget": run.budget, "seconds": seconds, "cpu_seconds": cpu, "failure": failure,
        "truth": [to_text(e) for e in system.equations], "best": [to_text(e) for e in best] if best else [],
        "exact_rank": exact.index(True) + 1 if True in exact else None,
        "right_terms": best is not None and is_exact(best, system, noise or 1.0),
        "rollout_r2": r2 if math.isfinite(r2) else None, "intervals_that_hold": held, "intervals_stated": stated,
        "machine": f"{os.cpu_count()} × {platform.machine()}", "version": distribution.version(),
    }  # fmt: skip


def _covered(
    best: Sequence[Node], intervals: Sequence[tuple[float, float] | None], system: KnownSystem
) -> tuple[int, int]:
    """How many intervals of constants hold the value that the system itself gives, and how many were stated."""
    columns = _box(system)
    X = np.asfortranarray(np.column_stack(list(columns.values())))
    values: list[float] = []
    for formula, law in zip(best, system.equations, strict=True):
        truth = evaluate(law, columns, _POINTS)
        kept = np.isfinite(truth)
        problem = Problem(X[kept], truth[kept], tuple(columns), frozenset(), 200, 0)
        fitted = fit_constants(formula, problem, free_positions(formula), 2000).formula
        values += [float(numbers(fitted)[p]) for p in free_positions(formula)]
    if len(values) != len(intervals):
        return 0, 0
    stated = [(v, i) for v, i in zip(values, intervals, strict=True) if i is not None]
    return sum(low - 1e-9 * abs(v) <= v <= high + 1e-9 * abs(v) for v, (low, high) in stated), len(stated)


def write_table() -> None:
    """The table of all results, between its markers in docs/benchmarks.md."""
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    if not results:
        return
    head = ["systems", "noise", "samples kept", "method", "number", "exact at rank 1", "exact in the list"]
    head += ["right terms at rank 1"]
    head += ["roll-out R² > 0.9", "intervals that hold", "median s", "90th percentile s"]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    keys = sorted({(r["set"] != "odebench", r["set"], r["noise"], -r["kept"], r["method"]) for r in results})
    for _, set_name, noise, kept, method in keys:
        own = [
            r for r in results
            if (r["set"], r["noise"], -r["kept"], r["method"]) == (set_name, noise, kept, method)
        ]  # fmt: skip
        lines.append("| " + " | ".join(_row(own, set_name, noise, -kept, method)) + " |")
    machine = sorted({r["machine"] for r in results})
    replace_part(DOCUMENT, "odes", "\n".join([f"Machine: {', '.join(machine)}.", "", *lines]))


def _row(results: Sequence[dict[str, Any]], set_name: str, noise: float, kept: float, method: str) -> list[str]:
    n = len(results)
    seconds = [r["seconds"] for r in results]
    first = sum(r["exact_rank"] == 1 for r in results)
    listed = sum(r["exact_rank"] is not None for r in results)
    right = sum(r["right_terms"] for r in results)
    good = sum(r["rollout_r2"] is not None and r["rollout_r2"] > _GOOD for r in results)
    held, stated = (sum(r[k] for r in results) for k in ("intervals_that_hold", "intervals_stated"))
    return [
        set_name, f"{noise:g}", f"{kept:.0%}", method, str(n), f"{first / n:.0%}", f"{listed / n:.0%}",
        f"{right / n:.0%}", f"{good / n:.0%}", f"{held} of {stated}" if stated else "–", f"{np.median(seconds):.1f}",
        f"{np.quantile(seconds, 0.9):.1f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
