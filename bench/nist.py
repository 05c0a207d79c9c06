"""The reference sets of NIST for nonlinear regression, each model given as the ansatz.

    python -m bench.nist                         all sets, from both certified starts and from none
    python -m bench.nist --only Hahn1 --cpu      one set, the budget in CPU seconds
    python -m bench.nist --folder SOMEWHERE      other sets, as bench/data/nist has them

Right: the caller's formula is in the answer, marked as the caller's, its constants agree with the certified ones to six
digits and their standard errors to four. Where it does not stand first, something that is measured better does: some of
these sets leave structure in their residuals. Writes the table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Parameter, Report, Table, discover
from bench.clock import cpu_seconds
from bench.tables import DOCUMENT, markdown, replace_part

FOLDER: Final = Path(__file__).parent / "data" / "nist"
STARTS: Final = ("start 1", "start 2", "no start")
DIGITS: Final = 6.0
ERROR_DIGITS: Final = 4.0
_EXACT: Final = 11.0


@dataclass(frozen=True)
class Outcome:
    """What came of a set: the rank of the caller's formula (0: absent), and to how many digits the worst of its
    constants and of their standard errors agree with the certified ones."""

    name: str
    start: str
    rank: int
    digits: float
    error_digits: float
    seconds: float

    @property
    def right(self) -> bool:
        return self.rank > 0 and self.digits >= DIGITS and self.error_digits >= ERROR_DIGITS


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.nist", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    parser.add_argument("--budget", type=float, default=10.0, help="seconds a fit")
    parser.add_argument("--cpu", action="store_true", help="count budgets in CPU seconds")
    options = parser.parse_args(arguments)
    sets = json.loads((options.folder / "nist.json").read_text(encoding="utf-8"))
    found = []
    for name in options.only or sets:
        for start in options.starts:
            with cpu_seconds(options.cpu):
                found.append(outcome(options.folder, name, sets[name], start, options.budget))
            print(line(found[-1]), flush=True)
    if not options.only and options.folder == FOLDER and len(options.starts) == len(STARTS):
        replace_part(DOCUMENT, "nist", "\n".join(table(found)))


def outcome(folder: Path, name: str, entry: dict[str, Any], start: str, budget: float) -> Outcome:
    """Return what comes of one set from one start."""
    started = time.monotonic()
    position = {"start 1": 1, "start 2": 2}.get(start)
    parameters = tuple(
        Parameter(str(p[0]), start=None if position is None else float(p[position])) for p in entry["par"]
    )
    options = Options(
        ansatz=entry["formula"], parameters=parameters, engine=Engine.NONE, budget_seconds=budget
    )  # fmt: skip
    report = discover(_read(folder / f"{name}.csv"), options)
    rank, digits, error_digits = _agreement(report, entry)
    return Outcome(name, start, rank, digits, error_digits, time.monotonic() - started)


def _read(file: Path) -> Table:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    columns = zip(*rows[1:], strict=True)
    return Table(
        tuple(Column(n, np.array(values, dtype=np.float64)) for n, values in zip(rows[0], columns, strict=True)), "y"
    )


def _agreement(report: Report, entry: dict[str, Any]) -> tuple[int, float, float]:
    certified = {str(p[0]): (float(p[3]), float(p[4])) for p in entry["par"]}
    best = (0, -math.inf, -math.inf)
    for candidate in report.candidates:
        found = {c.parameter: (c.value, c.std_error) for c in candidate.constants if c.parameter}
        if candidate.found_by != "ansatz" or found.keys() != certified.keys():
            continue
        digits = min(_digits(found[n][0], value) for n, (value, _) in certified.items())
        errors = min(_digits(found[n][1] or math.nan, error) for n, (_, error) in certified.items())
        best = max(best, (candidate.rank, digits, errors), key=lambda b: b[1])
    return best


def _digits(value: float, certified: float) -> float:
    """To how many digits a value agrees: minus the logarithm of its relative error, at most 11."""
    error = abs(value - certified) / abs(certified)
    if math.isnan(error):
        return -math.inf
    return min(-math.log10(error), _EXACT) if error > 0 else _EXACT


def line(found: Outcome) -> str:
    verdict = "right" if found.right else "wrong"
    return (
        f"{found.name:10} {found.start:8} {verdict}: rank {found.rank}, constants to {found.digits:.1f} digits, "
        f"errors to {found.error_digits:.1f}, {found.seconds:.1f} s"
    )


def table(found: Sequence[Outcome]) -> list[str]:
    """Return the table: sets right by start, to how many digits at the least, where the formula stands, CPU time."""
    rows = []
    for start in STARTS:
        of_start = [o for o in found if o.start == start]
        missed = ", ".join(o.name for o in of_start if not o.right) or "–"
        behind = ", ".join(f"{o.name} ({o.rank})" for o in of_start if o.rank > 1) or "–"
        digits = min((o.digits for o in of_start if o.right), default=math.nan)
        errors = min((o.error_digits for o in of_start if o.right), default=math.nan)
        right = f"{sum(o.right for o in of_start)} of {len(of_start)}"
        rows.append((start, right, missed, f"{digits:.1f}", f"{errors:.1f}", behind))
    head = ("from", "right", "not right", "digits of constants, least", "of standard errors", "not first (rank)")
    return markdown(head, rows)


if __name__ == "__main__":
    main()
