"""How many known laws are found, exactly, and how fast.

    python -m bench.recovery                                   all laws, no noise, Ansatz and every peer that is here
    python -m bench.recovery --noise 0 0.01 --sets held_out    part of it
    python -m bench.recovery --only I.6.2 --methods ansatz     one law
    python -m bench.recovery --sets feynman --units            Ansatz told the units, too
    python -m bench.recovery --shard 1/4                       every fourth law, from the first
    python -m bench.recovery --report                          write the tables of what was measured until now

One file a case in bench/results/; a case that has one is not run again (--again runs it), so that a run can be broken
off and taken up. The tables go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ansatz import distribution
from ansatz.discovery import Engine
from ansatz.discovery.expression import complexity, simplify, to_text
from bench import methods, tables
from bench.cases import ROWS, SETS, Case, load
from bench.clock import cpu_seconds
from bench.judge import covered, extrapolation_error, judge
from bench.methods import PEERS, TARGET, Found, Method

RESULTS: Final = Path(__file__).parent / "results"
WITH_UNITS: Final = "ansatz (units)"
_JUDGED: Final = 5


@dataclass(frozen=True)
class Run:
    """One case for one method."""

    case: Case
    method: str
    budget: float

    @property
    def file(self) -> Path:
        return RESULTS / f"{methods.safe(self.method)}.budget{self.budget:g}.{self.case.name}.json"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.report:
        with _methods(options) as chosen, cpu_seconds(options.cpu):
            _measure(options, chosen)
    tables.write(RESULTS)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "bench.recovery", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--only", nargs="+", default=[], metavar="LAW")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="every N-th law, from the I-th")
    parser.add_argument("--noise", nargs="+", type=float, default=[0.0], help="σ of the noise over std(y)")
    parser.add_argument("--junk", nargs="+", type=int, default=[0], help="irrelevant columns")
    parser.add_argument("--budget", type=float, default=30.0, help="seconds a law")
    parser.add_argument("--methods", nargs="+", choices=["ansatz", *PEERS], default=["ansatz", *PEERS])
    parser.add_argument("--engine", choices=[e.value for e in Engine], default="auto", help="of ansatz")
    parser.add_argument("--through", choices=["library", "service"], default="library", help="how ansatz is called")
    parser.add_argument("--units", action="store_true", help="run ansatz with units, too, where a law has them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true", help="count budgets in CPU seconds, where no engine searches")
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the tables")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def _methods(options: argparse.Namespace) -> Iterator[dict[str, Method]]:
    """The methods asked for that can run here; says which cannot, and why."""
    chosen: dict[str, Method] = {}
    with contextlib.ExitStack() as stack:
        for name in options.methods:
            if name == "ansatz" and options.through == "service":
                from bench.server import running

                chosen["ansatz (service)"] = methods.service(stack.enter_context(running()), Engine(options.engine))
            elif name == "ansatz":
                label = "ansatz" if options.engine == "auto" else f"ansatz ({options.engine})"
                chosen[label] = methods.ansatz(Engine(options.engine))
            elif reason := methods.why_not(name):
                print(f"{name} is left out: {reason}", file=sys.stderr)
            else:
                chosen[name] = PEERS[name]
        yield chosen


def _measure(options: argparse.Namespace, chosen: dict[str, Method]) -> None:
    first, step = (int(part) for part in options.shard.split("/"))
    laws = load(options.sets, options.only)[first - 1 :: step]
    runs = [
        Run(Case(law, noise, junk, options.seed), name, options.budget)
        for noise in options.noise
        for junk in options.junk
        for law in laws
        for name in [*chosen, *([WITH_UNITS] if options.units and law.units else [])]
    ]
    open_runs = [run for run in runs if options.again or not run.file.exists()]
    print(f"{len(runs)} cases, {len(runs) - len(open_runs)} of them measured before", file=sys.stderr)
    RESULTS.mkdir(exist_ok=True)
    for i, run in enumerate(open_runs, start=1):
        method = chosen.get(run.method) or _told_units(run.case, Engine(options.engine))
        result = measure(run, method)
        scratch = run.file.with_suffix(".part")
        scratch.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        scratch.replace(run.file)
        print(f"{i}/{len(open_runs)} {_line(run, result)}", file=sys.stderr)


def _told_units(case: Case, engine: Engine) -> Method:
    return methods.ansatz(engine, {**case.law.units, TARGET: case.law.unit})


def measure(run: Run, method: Method) -> dict[str, Any]:
    """Run one case and judge what came out."""
    columns, y = run.case.data()
    started, cpu = time.monotonic(), time.process_time()
    failure = ""
    try:
        found = method(columns, y, run.budget, run.case.seed)
    except Exception as error:  # a method that fails on a law has not found it; the others go on
        found, failure = Found(()), f"{type(error).__name__}: {error}"
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    if found.raw:
        found = Found(methods.tidied(found.formulas, columns, y))
    return {
        "method": run.method, "set": run.case.law.set, "law": run.case.law.id, "noise": run.case.noise,
        "junk": run.case.junk, "seed": run.case.seed, "budget": run.budget, "rows": ROWS,
        "seconds": seconds, "cpu_seconds": cpu, "failure": failure, **_judged(run.case, found),
        "warnings": list(found.warnings), "machine": f"{os.cpu_count()} × {platform.machine()}",
        "version": distribution.version(),
    }  # fmt: skip


def _judged(case: Case, found: Found) -> dict[str, Any]:
    verdicts = [judge(formula, case.law, case.noise) for formula in found.formulas[:_JUDGED]]
    best = found.formulas[0] if found.formulas else None
    held, stated = covered(verdicts[0].fitted, found.intervals) if verdicts and verdicts[0].exact else (0, 0)
    return {
        "truth": to_text(case.law.formula),
        "formulas": [
            {"text": to_text(formula), "complexity": complexity(formula), "exact": v.exact, "reason": v.reason}
            for formula, v in zip(found.formulas, verdicts, strict=False)
        ],
        "relative_size": complexity(best) / complexity(simplify(case.law.formula)) if best else None,
        "extrapolation": extrapolation_error(best, case.law) if best else None,
        "intervals_that_hold": held,
        "intervals_stated": stated,
    }


def _line(run: Run, result: dict[str, Any]) -> str:
    formulas = result["formulas"]
    rank = next((i for i, f in enumerate(formulas, start=1) if f["exact"]), None)
    outcome = f"exact at rank {rank}" if rank else f"not exact ({formulas[0]['reason'] if formulas else 'nothing'})"
    best = formulas[0]["text"] if formulas else result["failure"]
    return f"{run.method:18} {run.case.name:45} {result['seconds']:6.2f} s  {outcome}: {best[:100]}"


if __name__ == "__main__":
    main()
