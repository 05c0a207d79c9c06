"""Do stated errors hold where errors of measurement are given? Of counts, shares, and inputs and targets with errors.

    python -m bench.noise_models              write the table
    python -m bench.noise_models --sets 60    fewer simulated sets of each kind

The law that was simulated is fitted to each set. The table goes to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Evaluation, Table, TargetNoise, evaluate_formula
from ansatz.discovery.expression import Array
from bench.tables import DOCUMENT, markdown, replace_part

Made = Mapping[str, "np.typing.NDArray[Any]"]


@dataclass(frozen=True)
class Kind:
    """A kind of noise: the law, its constants as they stand in the formula, and how a set of rows is made."""

    name: str
    formula: str
    constants: tuple[float, ...]
    made: Callable[[np.random.Generator], Made]
    about: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False

    def table(self, seed: int) -> Table:
        """Return a set; `plain` ones tell nothing of their noise."""
        columns = self.made(np.random.default_rng([seed, 77]))
        about = {"inputs": ("x",)} if self.plain else dict(self.about)
        return Table(tuple(Column(n, np.asarray(v, dtype=float)) for n, v in columns.items()), "y", **about)


def _counts(size: float, rows: int) -> Callable[[np.random.Generator], Made]:
    def made(rng: np.random.Generator) -> Made:
        x = rng.uniform(0, 4, rows)
        return {"x": x, "y": rng.poisson(size * np.exp(-0.7 * x) + 0.15 * size)}

    return made


def _shares(most: int, rows: int) -> Callable[[np.random.Generator], Made]:
    def made(rng: np.random.Generator) -> Made:
        x, m = rng.uniform(-3, 3, rows), rng.integers(1, most + 1, rows)
        return {"x": x, "m": m, "y": rng.binomial(m, 1 / (1 + np.exp(-1.3 * x - 0.4)))}

    return made


def _of_inputs(law: Callable[[Array], Array], sx: float, sy: float, rows: int) -> Callable[[np.random.Generator], Made]:
    def made(rng: np.random.Generator) -> Made:
        t = rng.uniform(0.5, 5, rows)
        ex, ey = sx * rng.uniform(0.5, 1.5, rows), sy * rng.uniform(0.5, 1.5, rows)
        y = law(t) + ey * rng.standard_normal(rows)
        return {"x": t + ex * rng.standard_normal(rows), "y": y, "ex": ex, "ey": ey}

    return made


COUNTS: Final = {"noise": TargetNoise.POISSON}
SHARES: Final = {"noise": TargetNoise.BINOMIAL, "trials": "m"}
ERRORS: Final = {"input_errors": {"x": "ex"}, "std_errors": "ey"}
ALONE: Final = {"input_errors": {"x": "ex"}, "inputs": ("x",)}
_LINE: Final = _of_inputs(lambda t: 2.3 * t + 1.1, 0.4, 0.5, 60)
_EXPONENTIAL: Final = _of_inputs(lambda t: 3.1 * np.exp(0.45 * t), 0.15, 0.5, 60)
KINDS: Final = (
    Kind("counts, about 20, 60 rows", "20.5*exp(-0.7*x) + 3.075", (20.5, -0.7, 3.075), _counts(20.5, 60), COUNTS),
    Kind("counts, about 2, 60 rows", "2.1*exp(-0.7*x) + 0.315", (2.1, -0.7, 0.315), _counts(2.1, 60), COUNTS),
    Kind("shares of 1 to 20 trials, 60 rows", "1/(1 + exp(-1.3*x - 0.4))", (-1.3, 0.4), _shares(20, 60), SHARES),
    Kind("single trials, 200 rows", "1/(1 + exp(-1.3*x - 0.4))", (-1.3, 0.4), _shares(1, 200), SHARES),
    Kind("a line, errors of both", "2.3*x + 1.1", (2.3, 1.1), _LINE, ERRORS),
    Kind("a line, errors of the input alone", "2.3*x + 1.1", (2.3, 1.1), _LINE, ALONE),
    Kind("the same line, none told", "2.3*x + 1.1", (2.3, 1.1), _LINE, plain=True),
    Kind("an exponential, errors of both", "3.1*exp(0.45*x)", (3.1, 0.45), _EXPONENTIAL, ERRORS),
    Kind("the same exponential, none told", "3.1*exp(0.45*x)", (3.1, 0.45), _EXPONENTIAL, plain=True),
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.noise_models", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=300, help="simulated sets of each kind")
    sets = parser.parse_args(arguments).sets
    rows = []
    for kind in KINDS:
        rows.append(_row(kind, [evaluate_formula(kind.table(seed), kind.formula, refit=True) for seed in range(sets)]))
        print(rows[-1], flush=True)
    columns = ("noise", "sets", "95 % intervals that hold", "χ² p below 5 %", "noise called structure at 1 %")
    replace_part(DOCUMENT, "noise-models", "\n".join(markdown(columns, rows)))


def _row(kind: Kind, found: Sequence[Evaluation]) -> list[str]:
    held = [
        c.lower is not None and c.lower <= true <= (c.upper or true)
        for e in found
        for true, c in zip(kind.constants, _signed(kind, e), strict=True)
    ]
    p_values = [e.chi_squared.p_value for e in found if e.chi_squared is not None]
    verdicts = [e.residual.p_value for e in found if e.residual is not None]
    return [
        kind.name, str(len(found)), f"{100 * np.mean(held):.1f} %",
        f"{100 * np.mean(np.array(p_values) < 0.05):.1f} %" if p_values else "—",
        f"{100 * np.mean(np.array(verdicts) <= 0.01):.1f} %",
    ]  # fmt: skip


def _signed(kind: Kind, evaluation: Evaluation) -> tuple[Any, ...]:
    constants = evaluation.candidate.constants
    if len(constants) != len(kind.constants):
        raise ValueError(f"{kind.name}: {evaluation.candidate.text} has {len(constants)} constants")
    return constants


if __name__ == "__main__":
    main()
