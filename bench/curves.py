"""How well laws of curves are found, how honest their intervals are, and what comes out on real curves.

    python -m bench.curves                             everything
    python -m bench.curves --parts families --repeats 10
    python -m bench.curves --shard 1/4                 every fourth case, from the first
    python -m bench.curves --report                    write the tables of what was measured until now

One file a case in bench/results/curves/; a case that has one is not run again (--again runs it), so that a run can be
broken off and taken up. The tables go to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz.discovery import ChosenLaw, Column, Curves, Options, Questions, Report, ValueScale, answer, discover
from bench import optimum
from bench.curve_cases import CASES, CurveCase
from bench.curve_sets import SETS
from bench.tables import markdown, quantile, replace_part

RESULTS: Final = Path(__file__).parent / "results" / "curves"
DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PARTS: Final = ("families", "extrapolation", "optimum", "data")
_NOISE: Final = 0.01
_FURTHER: Final = 10.0
_PROBABILITY: Final = 0.8
_BUDGET: Final = 600.0  # never the reason to stop
# Laws of one variable that has no end, and the factor 10 beyond which means something.
_EXTRAPOLATED: Final = (
    "henighan_image_8x8", "henighan_image_32x32", "henighan_vq_32x32", "henighan_text_to_image", "language_size",
    "sim_to_real", "pass_until", "fine_tuning", "clustered_accuracy", "optimal_size",
)  # fmt: skip
Result = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if not options.report:
        first, step = (int(part) for part in options.shard.split("/"))
        for name, measure in _cases(options)[first - 1 :: step]:
            file = RESULTS / f"curves.{name}.json"
            if file.exists() and not options.again:
                continue
            started, cpu = time.monotonic(), time.process_time()
            result = measure()
            result |= {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - cpu}
            RESULTS.mkdir(parents=True, exist_ok=True)
            scratch = file.with_suffix(".part")
            scratch.write_text(json.dumps(result, ensure_ascii=False, indent=1, default=float) + "\n")
            scratch.replace(file)
            print(f"{name:45} {result['cpu_seconds']:6.1f} s  {result.get('law', '')}", file=sys.stderr)
    replace_part(DOCUMENT, "curves", "\n".join(_tables()) or "Nothing was measured yet.")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench.curves", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", nargs="+", default=[], metavar="CASE")
    parser.add_argument("--repeats", type=int, default=5, help="seeds a family")
    parser.add_argument("--extrapolations", type=int, default=500, help="cases of extrapolation")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="every N-th case, from the I-th")
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the tables")
    return parser.parse_args(arguments)


def _cases(options: argparse.Namespace) -> list[tuple[str, Callable[[], Result]]]:
    cases: list[tuple[str, Callable[[], Result]]] = []
    if "data" in options.parts:
        for name, (measure, parts) in SETS.items():
            cases += [(f"data.{name}.{_safe(part)}", lambda m=measure, p=part: m(p)) for part in parts]  # type: ignore[misc]
    if "optimum" in options.parts:
        cases.append(("optimum.joint", optimum.measure))
    if "families" in options.parts:
        for seed in range(options.repeats):
            cases += [(f"families.{c.name}.{seed}", lambda c=c, s=seed: _family(c, s)) for c in CASES]  # type: ignore[misc]
    if "extrapolation" in options.parts:
        chosen = [c for c in CASES if c.name in _EXTRAPOLATED]
        for i in range(options.extrapolations):
            case, seed = chosen[i % len(chosen)], 1000 + i
            cases.append((f"extrapolation.{case.name}.{seed}", lambda c=case, s=seed: _extrapolation(c, s)))  # type: ignore[misc]
    return [(name, run) for name, run in cases if not options.only or any(only in name for only in options.only)]


def _safe(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text)


def _report(case: CurveCase, seed: int) -> tuple[Curves, Report]:
    columns, y = case.data(seed, _NOISE)
    made = (*(Column(name, values) for name, values in columns.items()), Column("value", y))
    data = Curves(made, "value", scale=ValueScale.LINEAR if case.additive else ValueScale.AUTO)
    return data, discover(data, Options(seed=seed, budget_seconds=_BUDGET))


def _family(case: CurveCase, seed: int) -> Result:
    """Is rank 1 the law, and do its intervals hold the constants?"""
    _, report = _report(case, seed)
    best = report.candidates[0]
    law = best.law
    found: Result = {"case": case.name, "law": law.name if law else "", "r2": best.scores.r2, "held": 0, "stated": 0}
    found["right"] = law is not None and law.name in (case.law, *case.equal)
    if law is not None and law.name == case.law:
        stated = [c for c in law.constants if c.std_error is not None]
        found["stated"] = len(stated)
        for constant in stated:
            lower = -np.inf if constant.lower is None else constant.lower
            upper = np.inf if constant.upper is None else constant.upper
            found["held"] += bool(lower <= case.constants[constant.name] <= upper)
    return found


def _extrapolation(case: CurveCase, seed: int) -> Result:
    """Does the 80 % interval hold the law's own value ten times beyond the largest scale?"""
    data, report = _report(case, seed)
    best = report.candidates[0]
    law = best.law
    if law is None:
        return {"case": case.name, "held": False}
    (name,) = data.inputs
    far = _FURTHER * float(data.column(name).values.max())
    until = report.curves.warm_up_until if report.curves else None
    chosen = ChosenLaw(law.name, law.columns, best.text, until)
    asked = Questions(points=({name: far},), probability=_PROBABILITY)
    interval = answer(data, chosen, asked, Options(seed=seed)).predictions[0].law
    truth = float(case.truth({name: np.array([far])})[0])
    lower = -np.inf if interval.lower is None else interval.lower
    upper = np.inf if interval.upper is None else interval.upper
    error = abs((interval.value or np.nan) / truth - 1)
    return {"case": case.name, "law": law.name, "held": bool(lower <= truth <= upper), "error": float(error)}


def _load(part: str) -> dict[str, Result]:
    files = sorted(RESULTS.glob(f"curves.{part}.*.json"))
    return {f.name.removeprefix(f"curves.{part}.").removesuffix(".json"): json.loads(f.read_text()) for f in files}


def _tables() -> list[str]:
    lines: list[str] = []
    if families := _load("families"):
        lines += _family_table(list(families.values()))
    if extrapolations := list(_load("extrapolation").values()):
        held = sum(r["held"] for r in extrapolations)
        share = 100 * held / len(extrapolations)
        lines += [
            "",
            f"Ten times beyond the data: {held} of {len(extrapolations)} intervals of 80 % hold the law's own ",
        ]
        lines[-1] += f"value ({share:.0f} %)."
    if joint := _load("optimum").get("joint"):
        lines += ["", joint["text"]]
    if data := _load("data"):
        lines += ["", "Real curves:", ""]
        lines += markdown(("data", "law", "what was found"), [_data_row(name, r) for name, r in data.items()])
    return lines


def _family_table(results: list[Result]) -> list[str]:
    by_case = {c.name: [r for r in results if r["case"] == c.name] for c in CASES}
    rows = [_family_row(name, found) for name, found in by_case.items() if found]
    rows.append(_family_row("**all**", results))
    machine = f"{os.cpu_count()} × {platform.machine()}"
    head = f"Simulated at published constants, 1 % noise, {machine}; seconds are of one processor:"
    columns = ("curves", "runs", "right at rank 1", "95 % intervals that hold", "R² (least)", "median s", "most s")
    return [head, "", *markdown(columns, rows)]


def _family_row(name: str, results: list[Result]) -> list[str]:
    held, stated = (sum(r[key] for r in results) for key in ("held", "stated"))
    seconds = [r["cpu_seconds"] for r in results]
    return [
        name,
        str(len(results)),
        f"{100 * sum(r['right'] for r in results) / len(results):.0f} %",
        f"{held} of {stated}" if stated else "–",
        f"{min(r['r2'] for r in results):.3f}",
        f"{statistics.median(seconds):.1f}",
        f"{quantile(seconds, 1.0):.1f}",
    ]


def _data_row(name: str, result: Result) -> list[str]:
    left_out = ("law", "formula", "warnings", "seconds", "cpu_seconds")
    shown = [f"{key} {_shown(value)}" for key, value in result.items() if key not in left_out and value is not None]
    return [name.replace(".", " "), result["law"], ", ".join(shown)]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "; ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


if __name__ == "__main__":
    main()
