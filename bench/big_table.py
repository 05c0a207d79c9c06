"""A table of a million rows and ten columns: is the right law found, how fast, in how much memory?

    python -m bench.big_table [--rows 1000000]

Searches each table in a process of its own, prints a table and writes that of docs/benchmarks.md. Memory is the largest
resident set of that process, the data included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery import Column, Options, Table, discover
from ansatz.discovery.expression import evaluate, parse
from bench.cases import Law
from bench.judge import judge
from bench.tables import DOCUMENT, markdown, replace_part

ROWS: Final = 1_000_000
COLUMNS: Final = 10
NOISES: Final = (0.0, 0.05)
LAWS: Final = ("0.5*x1*x4**2", "x0*x3/x7**2 + x5", "x2*exp(-x6/x8)")
_MIB: Final = 2**20
_RSS_UNIT: Final = 1024 if platform.system() == "Linux" else 1


@dataclass(frozen=True)
class Measured:
    """The best formula, whether it is the law; seconds of `discover`, by the wall's clock and of the processor (all
    threads); largest resident set in bytes."""

    found: str
    exact: bool
    seconds: float
    cpu_seconds: float
    memory: int


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.big_table", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args(arguments)
    rows = []
    for law in LAWS:
        for noise in NOISES:
            one = _apart(law, noise, options.rows)
            rows.append(
                (f"`{law}`", f"{noise:g}", "yes" if one.exact else f"no: `{one.found}`", f"{one.seconds:.1f}",
                 f"{one.cpu_seconds:.1f}",
                 f"{one.memory / _MIB:.0f}")
            )  # fmt: skip
            print(*rows[-1], sep="  ", flush=True)
    head = f"{options.rows} rows × {COLUMNS} columns, {os.cpu_count()} × {platform.machine()}:"
    table = markdown(("law", "noise", "exact at rank 1", "seconds", "CPU seconds", "MiB"), rows)
    if options.rows == ROWS:
        replace_part(DOCUMENT, "big_table", "\n".join([head, "", *table]))


def _apart(law: str, noise: float, rows: int) -> Measured:
    """Measured in a new process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, law, noise, rows).result()


def measure(law: str, noise: float, rows: int) -> Measured:
    """Inputs uniform in [1, 5]; noise is Gaussian, of that share of the target's standard deviation."""
    rng = np.random.default_rng(0)
    names = [f"x{j}" for j in range(COLUMNS)]
    columns = {name: rng.uniform(1, 5, rows) for name in names}
    formula = parse(law, names)
    y = evaluate(formula, columns, rows)
    if noise:
        y += noise * np.std(y) * rng.standard_normal(rows)
    table = Table((*(Column(n, v) for n, v in columns.items()), Column("y", y)), "y")
    started, cpu = time.monotonic(), time.process_time()
    best = discover(table, Options()).candidates[0]
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    box = dict.fromkeys(names, (1.0, 5.0))
    exact = judge(best.formula, Law(law, "big_table", "y", formula, box), noise).exact
    return Measured(best.text, exact, seconds, cpu, memory)


if __name__ == "__main__":
    main()
