"""A target that has nothing to do with the inputs: how often is a formula claimed to be better than a constant?

    python -m bench.pure_noise [--seeds 20] [--engine operon]

Prints a line a table and writes that of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.expression import variables
from bench.tables import DOCUMENT, markdown, replace_part

SEEDS: Final = 20
ROWS: Final = (50, 200)
COLUMNS: Final = 4


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.pure_noise", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--engine", choices=[e.value for e in Engine], default="operon")
    parser.add_argument("--budget", type=float, default=5.0)
    options = parser.parse_args(arguments)
    lines = []
    for rows in ROWS:
        claims = []
        for seed in range(options.seeds):
            formula = best(rows, seed, Engine(options.engine), options.budget)
            print(f"{rows} rows, seed {seed}: {formula or 'a constant'}", flush=True)
            claims += [formula] if formula else []
        lines.append((str(rows), str(options.seeds), str(len(claims)), "; ".join(f"`{c}`" for c in claims) or "–"))
    head = f"{COLUMNS} columns, engine {options.engine}, budget {options.budget:g} s:"
    table = markdown(("rows", "tables", "claims", "what was claimed"), lines)
    replace_part(DOCUMENT, "pure_noise", "\n".join([head, "", *table]))


def best(rows: int, seed: int, engine: Engine, budget: float) -> str:
    """The formula claimed for Gaussian noise; empty where that is a constant."""
    rng = np.random.default_rng(seed)
    columns = [Column(f"x{j}", rng.uniform(1, 5, rows)) for j in range(COLUMNS)]
    table = Table((*columns, Column("y", rng.standard_normal(rows))), "y")
    found = discover(table, Options(engine=engine, budget_seconds=budget, seed=seed)).candidates[0]
    return found.text if variables(found.formula) else ""


if __name__ == "__main__":
    main()
