"""How well fine-tuning losses are predicted: one structure for 30 models, the three largest data sizes held out.

    python -m bench.finetune bench/data/finetune_scaling [--budget 20]

Prints a table and writes it into docs/benchmarks.md. The losses at 200 to 204,800 examples are fitted by relative
error, every model a group; those at 409,600, 819,200 and 1,638,400 are predicted. (The loss without fine-tuning is left
out: a power law has none.)
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery import Candidate, Column, Engine, Options, Table, discover
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.expression import Number, evaluate, parse, substitute, variables
from bench.tables import DOCUMENT, markdown, replace_part

_SETS: Final = ("flan", "gigaword", "wmt19")
_HELD_OUT: Final = 3
_BOUNDS: Final = {"B": (0.0, 1e9), "Dl": (0.0, 1e9), "b": (0.0, 3.0), "E": (0.0, 10.0)}

Data = NDArray[np.float64]


@dataclass(frozen=True)
class Method:
    """A structure and which of its constants are per model; none: found."""

    name: str
    formula: str
    per_group: tuple[str, ...]


_METHODS: Final = (
    Method("power law, a model each", "B*D**(-b)", ("B", "b")),
    Method("power law with a floor, a model each", "B*D**(-b) + E", ("B", "b", "E")),
    Method("rectified law, a model each", "B/(Dl + D**b) + E", ("B", "Dl", "b", "E")),
    Method("rectified law, b shared", "B/(Dl + D**b) + E", ("B", "Dl", "E")),
    Method("rectified law, sharing found", "B/(Dl + D**b) + E", ()),
)


@dataclass(frozen=True, eq=False)
class Curves:
    """Losses, shape (models, sizes), of models fine-tuned on so many examples, shape (sizes,)."""

    models: tuple[str, ...]
    sizes: Data
    losses: Data

    @classmethod
    def read(cls, path: Path) -> Curves:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        sizes = [name for name in rows[0] if name.isdigit() and name != "0"]
        losses = np.array([[float(row[size]) for size in sizes] for row in rows])
        return cls(tuple(row["config name"] for row in rows), np.array(sizes, dtype=np.float64), losses)

    def table(self) -> Table:
        """The sizes that are fitted, in long form: model, D, loss; weights for relative errors."""
        sizes, losses = self.sizes[:-_HELD_OUT], self.losses[:, :-_HELD_OUT].ravel()
        columns = (
            Column.of_labels("model", [m for m in self.models for _ in sizes]),
            Column("D", np.tile(sizes, len(self.models))),
            Column("loss", losses),
            Column("weight", losses**-2.0),
        )
        return Table(columns, "loss", ("D",), weights="weight", group="model")


@dataclass(frozen=True, eq=False)
class Result:
    """Errors of the logarithm of the held-out losses, shape (models, 3), and the constants that each model has."""

    errors: Data
    per_model: tuple[str, ...]

    @property
    def by_model(self) -> Data:
        root: Data = np.sqrt(np.mean(self.errors**2, axis=1))
        return root


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.finetune", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder with flan.csv, gigaword.csv and wmt19.csv")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds for each fit")
    options = parser.parse_args(arguments)
    lines = [f"Budget {options.budget:g} s a fit, engine none, {os.cpu_count()} × {platform.machine()}:"]
    for name in _SETS:
        curves = Curves.read(options.data / f"{name}.csv")
        results = {method: _measure(curves, method, options.budget) for method in _METHODS}
        lines += ["", f"### {name}, {len(curves.models)} models", "", *_rows(results)]
    print("\n".join(lines))
    replace_part(DOCUMENT, "finetune", "\n".join(lines))


def _measure(curves: Curves, method: Method, budget: float) -> Result:
    free = set(variables(parse(method.formula, others=True))) - {"D"}
    parameters = tuple(Parameter(n, None, *bounds) for n, bounds in _BOUNDS.items() if n in free)
    options = Options(
        engine=Engine.NONE, budget_seconds=budget, ansatz=method.formula, parameters=parameters,
        per_group=method.per_group,
    )  # fmt: skip
    report = discover(curves.table(), options)
    fitted = next(c for c in report.candidates if c.found_by == "ansatz")
    predicted = np.array([_predicted(method, fitted, model, curves.sizes[-_HELD_OUT:]) for model in curves.models])
    per_model = tuple(c.parameter for c in fitted.constants if c.per_group)
    return Result(np.log(predicted) - np.log(curves.losses[:, -_HELD_OUT:]), per_model)


def _predicted(method: Method, fitted: Candidate, model: str, sizes: Data) -> Data:
    """The method's formula with the constants of one model."""
    values = {c.parameter: Number(c.per_group[model].value if c.per_group else c.value) for c in fitted.constants}
    formula = substitute(parse(method.formula, others=True), values)
    return evaluate(formula, {"D": sizes}, sizes.size)


def _rows(results: dict[Method, Result]) -> list[str]:
    rivals = [r for m, r in results.items() if m.name.startswith("power law")]
    rows = []
    for method, result in results.items():
        better = sum(bool(np.all([r.by_model[i] > e for r in rivals])) for i, e in enumerate(result.by_model))
        rows.append(
            [
                method.name,
                f"`{method.formula}`",
                ", ".join(result.per_model),
                f"{np.sqrt(np.mean(result.errors**2)):.4f}",
                f"{statistics.median(result.by_model):.4f}",
                "–" if result in rivals else str(better),
            ]
        )
    titles = (
        "method",
        "structure",
        "per model",
        "error, all",
        "error, median model",
        "models better than both power laws",
    )
    return markdown(titles, rows)


if __name__ == "__main__":
    main()
