"""Do rows that no law explains bend the law, and are rows set apart that one explains?

    python -m bench.outliers --cpu                    all cells
    python -m bench.outliers --cpu --rows 40 --repeats 5

Ten ordinary laws with noise of 3 % of their spread: Gaussian, of Student's distribution with 3 degrees of freedom,
growing with the law; a thirtieth of the rows 10 to 50 noises off; or a tenth, a cluster, 20 off on one side. Each
table is searched twice: as it is, and with all rows kept. Writes its table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Report, Table
from ansatz.discovery.expression import Array, evaluate
from ansatz.discovery.listening import Silent
from ansatz.discovery.tables.discovery import TableDiscovery
from ansatz.discovery.tables.question import read_question
from bench.cases import generator
from bench.clock import cpu_seconds
from bench.tables import DOCUMENT, markdown, replace_part
from bench.verdicts import ORDINARY, TARGET

ROWS: Final = (12, 40, 200)
KINDS: Final = ("normal", "proportional", "t3", "gross", "cluster")
NOISE: Final = 0.03
BENT: Final = 1.0
"""Noises by which a law may be off, root mean square over the rows, and is right."""


@dataclass(frozen=True)
class Drawn:
    """A table: inputs (n, d), the law's own values, the target, and which rows are off, from 0."""

    X: Array
    clean: Array
    y: Array
    off: frozenset[int]

    @property
    def table(self) -> Table:
        return Table((*(Column(f"x{j}", x) for j, x in enumerate(self.X.T)), Column(TARGET, self.y)), TARGET)

    def is_right(self, report: Report) -> bool:
        """Return whether the first formula is as near the law as the noise."""
        columns = {f"x{j}": x for j, x in enumerate(self.X.T)}
        with np.errstate(all="ignore"):
            error = evaluate(report.candidates[0].formula, columns, self.y.size) - self.clean
        return bool(np.sqrt(np.mean(error**2)) <= BENT * NOISE * self.clean.std())


def drawn(name: str, kind: str, rows: int, seed: int) -> Drawn:
    """Return a table of a law with noise of a kind."""
    inputs, _, law = ORDINARY[name]
    rng = generator(f"outliers {name} {kind} {rows} {seed}")
    X = rng.uniform(0.3, 3, (rows, inputs))
    clean = law(X, rng)
    z = rng.standard_t(3, rows) / np.sqrt(3) if kind == "t3" else rng.standard_normal(rows)
    if kind == "proportional":
        z = z * np.abs(clean) / np.sqrt(np.mean(clean**2))
    count = {"gross": max(1, round(rows / 30)), "cluster": max(1, round(rows / 10))}.get(kind, 0)
    off = rng.choice(rows, count, replace=False)
    by = rng.choice([-1.0, 1.0], count) * rng.uniform(10, 50, count) if kind == "gross" else np.full(count, 20.0)
    z[off] += by
    return Drawn(X, clean, clean + NOISE * clean.std() * z, frozenset(map(int, off)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.outliers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--budget", type=float, default=1.0, help="seconds a search")
    parser.add_argument("--cpu", action="store_true", help="count budgets in CPU seconds")
    parser.add_argument("--repeats", type=int, default=1, help="tables a law and cell")
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args(arguments)
    lines = []
    for kind in options.kinds:
        for rows in options.rows:
            lines.append(_cell(kind, rows, options.repeats, options.budget, options.cpu))
            print(lines[-1], flush=True)
    columns = ("noise", "rows", "tables", "with rows set apart", "rows off that were", "others that were",
               "law right", "law right with all rows kept")  # fmt: skip
    replace_part(DOCUMENT, "outliers", "\n".join(markdown(columns, lines)))


def _cell(kind: str, rows: int, repeats: int, budget: float, cpu: bool) -> tuple[str, ...]:
    told = off = named = others = right = kept = count = 0
    for name in ORDINARY:
        for seed in range(repeats):
            case = drawn(name, kind, rows, seed)
            apart, report = _searched(case, budget, cpu, None)
            count += 1
            told += bool(apart)
            off += len(case.off)
            named += len(case.off & apart)
            others += len(apart - case.off)
            right += case.is_right(report)
            kept += case.is_right(_searched(case, budget, cpu, ())[1])
    found = f"{named} of {off}" if off else ""
    return kind, str(rows), str(count), str(told), found, str(others), str(right), str(kept)


def _searched(case: Drawn, budget: float, cpu: bool, apart: tuple[int, ...] | None) -> tuple[frozenset[int], Report]:
    """Return the rows that were set apart, and the report."""
    question = read_question(case.table, Options(engine=Engine.NONE, budget_seconds=budget))
    with cpu_seconds(cpu):
        discovery = TableDiscovery(question, Silent(), lambda: False, apart)
        report = discovery.run()
    return frozenset(discovery.apart), report


if __name__ == "__main__":
    main()
