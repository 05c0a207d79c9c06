"""Grouped data: how often is a law claimed in noise, and how often is a clear one found?

    python -m bench.grouped [--tables 60] [--budget 1] [--cpu] [--parts noise laws]

Noise: targets that have nothing to do with the input, all of one level, or each group of its own; 3 to 8 groups of 4
to 20 rows. Laws: what all groups have in common, or each with constants of its own. Each writes its table of
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery import Candidate, Column, Engine, Options, Report, Table, discover
from ansatz.discovery.expression import Array, variables
from bench.clock import cpu_seconds
from bench.tables import DOCUMENT, markdown, replace_part

GROUPS: Final = (3, 8)
ROWS: Final = (4, 20)
PARTS: Final = ("noise", "laws")
LAW_NOISE: Final = (0.05, 0.5)
"""Sizes of the noise of laws, over the spread of the target."""

Index = NDArray[np.intp]
Noise = Callable[[np.random.Generator, Array, Index], Array]
NOISES: Final[dict[str, Noise]] = {
    # name: values from the input and the group's index
    "normal": lambda r, x, g: r.standard_normal(x.size),
    "t3": lambda r, x, g: r.standard_t(3, x.size),
    "normal, a level for each group": lambda r, x, g: 3 * r.standard_normal(g.max() + 1)[g] + r.standard_normal(x.size),
    "grows with the input": lambda r, x, g: x * r.standard_normal(x.size),
}

Law = Callable[[np.random.Generator, Array, Index], Array]
LAWS: Final[dict[str, Law]] = {
    "line": lambda r, x, g: 1 + r.uniform(0.5, 2) * x,
    "line, a level for each group": lambda r, x, g: r.uniform(0, 5, g.max() + 1)[g] + r.uniform(0.5, 2) * x,
    "power, a factor for each group": lambda r, x, g: r.uniform(0.5, 3, g.max() + 1)[g] * x ** r.uniform(0.4, 2.2),
    "decay, a rate for each group": lambda r, x, g: r.uniform(1, 3) * np.exp(-r.uniform(0.3, 1.5, g.max() + 1)[g] * x),
    "saturation, heights of groups": lambda r, x, g: r.uniform(1, 5, g.max() + 1)[g] * x / (r.uniform(0.5, 3) + x),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.grouped", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--tables", type=int, default=60, help="tables a cell of noise; a fifth as many of each law")
    parser.add_argument("--budget", type=float, default=1.0, help="seconds a search")
    parser.add_argument("--cpu", action="store_true", help="count budgets in CPU seconds")
    options = parser.parse_args(arguments)

    def searched(table: Table, seed: int) -> Report:
        with cpu_seconds(options.cpu):
            return discover(table, Options(engine=Engine.NONE, budget_seconds=options.budget, seed=seed))

    rng = np.random.default_rng(0)
    x, index = drawn(rng)
    searched(table_of(x, index, rng.standard_normal(x.size)), 0)  # what a first search loads is not measured
    measured = {"noise": lambda: noise(searched, options.tables), "laws": lambda: laws(searched, options.tables // 5)}
    for part in options.parts:
        text = "\n".join(measured[part]())
        print(text, flush=True)
        replace_part(DOCUMENT, f"grouped-{part}", text)


Searched = Callable[[Table, int], Report]


def drawn(rng: np.random.Generator) -> tuple[Array, Index]:
    """Return an input, and the group of each row."""
    sizes = rng.integers(ROWS[0], ROWS[1] + 1, rng.integers(GROUPS[0], GROUPS[1] + 1))
    index = np.repeat(np.arange(sizes.size), sizes)
    return rng.uniform(0.5, 5, index.size), index


def table_of(x: Array, index: Index, y: Array) -> Table:
    return Table((Column("x", x), Column("y", y), Column.of_labels("run", [f"r{i}" for i in index])), "y", group="run")


def claimed(report: Report) -> str:
    """Return the law that a report claims; empty where that is none."""
    best = report.candidates[0]
    return best.text if variables(best.formula) else ""


def noise(searched: Searched, tables: int) -> Iterator[str]:
    lines: list[tuple[str, ...]] = []
    for name, draw in NOISES.items():
        found = []
        for seed in range(tables):
            rng = np.random.default_rng([seed, len(lines)])
            x, index = drawn(rng)
            found.append(claimed(searched(table_of(x, index, draw(rng, x, index)), seed)))
            print(f"{name} {seed}: {found[-1] or 'nothing'}", flush=True)
        lines.append((name, str(tables), f"{100 * np.mean([bool(f) for f in found]):.0f} %"))
    yield from markdown(("noise", "tables", "a law is claimed"), lines)


def laws(searched: Searched, tables: int) -> Iterator[str]:
    lines: list[tuple[str, ...]] = []
    for (i, (name, draw)), noise in product(enumerate(LAWS.items()), LAW_NOISE):
        counts: dict[str, int] = defaultdict(int)
        for seed in range(tables):
            rng = np.random.default_rng([seed, 100 + i])
            x, index = drawn(rng)
            y = draw(rng, x, index)
            y = y + noise * np.std(y) * rng.standard_normal(y.size)
            report = searched(table_of(x, index, y), seed)
            counts["claimed"] += bool(claimed(report))
            counts["noise"] += report.residual is not None and report.residual.is_noise
            counts["structure"] += report.residual is not None and not report.residual.is_noise
            print(f"{name} {noise} {seed}: {shown(report.candidates[0])}", flush=True)
        found = (str(counts[c]) for c in ("claimed", "noise", "structure"))
        lines.append((name, f"{noise:.0%}", str(tables), *found))
    yield from markdown(("law", "noise", "tables", "claimed", "noise is left", "structure is left"), lines)


def shown(candidate: Candidate) -> str:
    own = [f"{c.value:g}" for c in candidate.constants if c.per_group]
    return f"{candidate.text}   by group: {', '.join(own) or 'none'}"


if __name__ == "__main__":
    main()
