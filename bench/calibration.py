"""Do stated errors hold? Of verdicts on residuals, of intervals, and of the decision that an ansatz needs nothing more.

    python -m bench.calibration                write the table and the figure
    python -m bench.calibration --sets 100     fewer simulated sets

The table goes to docs/benchmarks.md, the figure to docs/figures/calibration.svg where matplotlib is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery import Column, Engine, Evaluation, Options, Table, discover, evaluate_formula
from ansatz.discovery.expression import Array, constants, evaluate, parse
from bench.tables import DOCUMENT, markdown, replace_part

FIGURE: Final = DOCUMENT.parent / "figures" / "calibration.svg"
_NOISE: Final = 0.05
_LEVELS: Final = (0.01, 0.05)


@dataclass(frozen=True)
class Family:
    """A law, the ranges of its inputs (uniform; "t": evenly spaced) and the number of rows."""

    name: str
    formula: str
    inputs: Mapping[str, tuple[float, float]]
    rows: int
    ansatz: str

    def columns(self, rng: np.random.Generator) -> dict[str, Array]:
        def column(name: str, low: float, high: float) -> Array:
            return np.linspace(low, high, self.rows) if name == "t" else rng.uniform(low, high, self.rows)

        return {name: column(name, *span) for name, span in self.inputs.items()}

    def clean(self, columns: Mapping[str, Array]) -> Array:
        return evaluate(parse(self.formula, self.inputs), columns, self.rows)


FAMILIES: Final = (
    Family("line", "1.7*x + 0.6", {"x": (-2, 2)}, 30, "a*x + b"),
    Family("decay", "2.3*exp(-0.37*t) + 0.45", {"t": (0, 10)}, 60, "a*exp(-b*t) + c"),
    Family("power law", "3.1*x**1.45/z**0.55", {"x": (1, 5), "z": (1, 5)}, 100, "a*x**p/z**q"),
    Family("saturation", "4.2*x/(1.3 + x)", {"x": (0.1, 8)}, 50, "a*x/(b + x)"),
    Family("oscillator", "-1.7*x - 0.35*v**3", {"t": (0, 20), "x": (-2, 2), "v": (-2, 2)}, 1000, "-k*x - c*v**3"),
    Family("wave", "1.9*sin(2.1*t + 0.4) + 0.3*t", {"t": (0, 12)}, 200, "a*sin(w*t + p) + b*t"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.calibration", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=500, help="simulated sets a family")
    parser.add_argument("--refined", type=int, default=100, help="right and wrong guesses that are refined, a family")
    options = parser.parse_args(arguments)
    p_values: dict[str, list[float]] = {}
    rows = []
    for family in FAMILIES:
        found = [_evaluated(family, seed, family.formula) for seed in range(options.sets)]
        p_values[family.name] = [e.residual.p_value for e in found if e.residual is not None]
        held = [_held(e, family) for e in found]
        kept = _kept(family, options.refined)
        rows.append(_row(family, p_values[family.name], held, _power(family, options.sets // 5), kept))
        print(rows[-1], file=sys.stderr)
    replace_part(DOCUMENT, "calibration", "\n".join([*markdown(_COLUMNS, rows), "", *_figure(p_values)]))


_COLUMNS: Final = (
    "law", "rows", "noise called structure at 1 %", "p below 5 %", "intervals that hold", "a missing input seen",
    "right guesses kept",
)  # fmt: skip


def _row(
    family: Family, p_values: list[float], held: list[Array], power: tuple[float, float], kept: tuple[int, int]
) -> list[str]:
    rates = [f"{100 * np.mean(np.array(p_values) <= level):.1f} %" for level in _LEVELS]
    coverage = 100 * float(np.mean(np.concatenate(held)))
    seen, named = power
    return [
        family.name, str(family.rows), *rates, f"{coverage:.1f} %",
        f"{100 * seen:.0f} %, named in {100 * named:.0f} %", f"{kept[0]} of {kept[1]}",
    ]  # fmt: skip


def _table(family: Family, seed: int, missing: float = 0.0) -> Table:
    """Data of a family: noise of 5 % of the target's spread; `missing` is the size, over the noise, of a term in an
    input u that the family lacks."""
    rng = np.random.default_rng([seed, family.rows])
    columns = {**family.columns(rng), "u": rng.uniform(-1, 1, family.rows)}
    clean = family.clean(columns)
    sigma = _NOISE * float(np.std(clean))
    target = clean + sigma * rng.standard_normal(family.rows) + missing * sigma * np.sin(2 * columns["u"])
    return Table((*(Column(n, v) for n, v in columns.items()), Column("y", target)), "y")


def _evaluated(family: Family, seed: int, formula: str, missing: float = 0.0) -> Evaluation:
    return evaluate_formula(_table(family, seed, missing), formula, refit=True)


def _held(evaluation: Evaluation, family: Family) -> Array:
    """Which of the intervals hold the law's own constants."""
    truth = constants(parse(family.formula, family.inputs))
    found = evaluation.candidate.constants
    return np.array([c.lower is not None and c.lower <= v <= (c.upper or v) for c, v in zip(found, truth, strict=True)])


def _power(family: Family, sets: int) -> tuple[float, float]:
    """How often a term as large as the noise, in an input that the formula lacks, is seen, and how often named."""
    found = [_evaluated(family, seed, family.formula, missing=1.4).residual for seed in range(sets)]
    verdicts = [v for v in found if v is not None]
    seen = [not v.is_noise for v in verdicts]
    return float(np.mean(seen)), float(np.mean(["u" in v.missing for v in verdicts]))


def _kept(family: Family, sets: int) -> tuple[int, int]:
    """Of right guesses, how many are left as they are."""
    options = Options(ansatz=family.ansatz, engine=Engine.NONE, budget_seconds=10)
    reports = (discover(_table(family, 10_000 + seed), options) for seed in range(sets))
    return sum(len(r.refinement) == 1 and r.candidates[0].found_by == "ansatz" for r in reports), sets


def _figure(p_values: Mapping[str, list[float]]) -> list[str]:
    """Draws how often p-values are below each level; says where the figure stands."""
    try:
        from matplotlib import pyplot
    except ImportError:
        print("no figure: matplotlib is not installed", file=sys.stderr)
        return [_shown()] if FIGURE.exists() else []
    pyplot.rcParams.update({"svg.hashsalt": "calibration", "svg.fonttype": "none", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(4.2, 3.4), layout="constrained")
    axes.plot([1e-3, 1], [1e-3, 1], color="0.7", linewidth=1, label="as stated")
    for name, values in p_values.items():
        ordered = np.sort(values)
        axes.step(ordered, np.arange(1, ordered.size + 1) / ordered.size, where="post", linewidth=1, label=name)
    axes.set(xscale="log", yscale="log", xlim=(2e-3, 1), ylim=(2e-3, 1))
    axes.set(xlabel="stated level", ylabel="noise called structure")
    axes.legend(frameon=False, fontsize=8)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, metadata={"Date": None})
    pyplot.close(figure)
    return [_shown()]


def _shown() -> str:
    return f"![How often noise is called structure, against the level stated](figures/{FIGURE.name})"


if __name__ == "__main__":
    main()
