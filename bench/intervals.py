"""Of the 95 % intervals of a law's constants, how many hold the constant, family by family.

    python -m bench.intervals

The law that was simulated is fitted to each of forty sets (bench/curve_cases.py, 1 % noise) as a search would fit it,
so that many intervals are had in minutes. The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ansatz.discovery import Column, Curves, LawConstant, ValueScale
from ansatz.discovery.curves.bindings import bindings
from ansatz.discovery.curves.candidates import law_constants
from ansatz.discovery.curves.fit import QUICK, THOROUGH, fit_law
from ansatz.discovery.curves.laws import LAWS
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import prepare
from bench.curve_cases import CASES, CurveCase
from bench.tables import markdown, replace_part

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_NOISE: Final = 0.01
_CATALOGUE: Final = {law.name: law for law in LAWS}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.intervals", description=__doc__)
    parser.add_argument("--repeats", type=int, default=40, help="sets a family")
    repeats = parser.parse_args(arguments).repeats
    counts = {case.name: tally(case, repeats) for case in CASES}
    replace_part(DOCUMENT, "intervals", "\n".join(table(counts)))


def tally(case: CurveCase, repeats: int) -> tuple[int, int]:
    """How many intervals hold the constant, and how many there are."""
    known = [(case.constants[c.name], c) for seed in range(repeats) for c in _constants(case, seed)]
    return sum(_holds(value, constant) for value, constant in known), len(known)


def table(counts: dict[str, tuple[int, int]]) -> list[str]:
    held, stated = (sum(column) for column in zip(*counts.values(), strict=True))
    rows = [[name, f"{h} of {n}", f"{100 * h / n:.1f} %"] for name, (h, n) in counts.items()]
    rows.append(["**all**", f"{held} of {stated}", f"{100 * held / stated:.1f} %"])
    return markdown(("curves", "95 % intervals that hold", "share"), rows)


def _constants(case: CurveCase, seed: int) -> list[LawConstant]:
    """Those of the law that was simulated which have an interval."""
    columns, y = case.data(seed, _NOISE)
    made = (*(Column(name, values) for name, values in columns.items()), Column("value", y))
    prepared = prepare(Curves(made, "value", scale=ValueScale.LINEAR if case.additive else ValueScale.AUTO))
    sample, law = prepared.sample, _CATALOGUE[case.law]
    quick = [
        fit for binding in bindings(law, sample, prepared.roles)
        if (fit := fit_law(CurveModel.on(law, binding, sample.columns), sample, seed, QUICK)) is not None
    ]  # fmt: skip
    best = min(quick, key=lambda fit: fit.cost)
    best = fit_law(best.model, sample, seed, THOROUGH, also=(best.u[None, :],)) or best
    return [constant for constant in law_constants(best, intervals=True) if constant.std_error is not None]


def _holds(value: float, constant: LawConstant) -> bool:
    lower = -math.inf if constant.lower is None else constant.lower
    upper = math.inf if constant.upper is None else constant.upper
    return lower <= value <= upper


if __name__ == "__main__":
    main()
