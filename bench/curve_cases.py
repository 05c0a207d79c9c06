"""Simulated curves: laws at published constants, with the columns they are measured at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.laws import LAWS, SELF
from ansatz.discovery.expression import evaluate, substitute
from ansatz.discovery.expression.node import Number, Variable

Array = NDArray[np.float64]
Design = Callable[[np.random.Generator, int], dict[str, Array]]
_CATALOGUE: Final = {law.name: law for law in LAWS}
_FIXED_POINT_STEPS: Final = 400


@dataclass(frozen=True)
class CurveCase:
    """A law of the catalogue with constants, `rows` rows of a design, and the laws that count as found: itself and
    those that are algebraically equal to it here. `additive`: the noise is a share of the values' spread."""

    name: str
    law: str
    constants: Mapping[str, float]
    rows: int
    design: Design
    equal: tuple[str, ...] = ()
    additive: bool = False

    def truth(self, columns: Mapping[str, Array]) -> Array:
        """The law at columns, by its published form; an implicit law by repeated substitution, damped."""
        law = _CATALOGUE[self.law]
        numbers = {name: Number(value) for name, value in self.constants.items()}
        names = dict(zip(law.variables, columns, strict=True))
        tree = substitute(law.formula_tree, {**numbers, **{v: Variable(c) for v, c in names.items()}})
        rows = next(iter(columns.values())).size
        y = np.full(rows, 5.0)
        for _ in range(_FIXED_POINT_STEPS if law.implicit else 1):
            y = (
                np.sqrt(y * evaluate(tree, {**columns, SELF: y}, rows))
                if law.implicit
                else evaluate(tree, columns, rows)
            )
        return y

    def data(self, seed: int, noise: float) -> tuple[dict[str, Array], Array]:
        """Columns and noisy values; every case has noise of its own, for else all would be lucky together."""
        rng = np.random.default_rng((seed, zlib.crc32(self.name.encode())))
        columns = self.design(rng, self.rows)
        y = self.truth(columns)
        error = noise * rng.standard_normal(self.rows)
        return columns, y + error * np.std(y) if self.additive else y * np.exp(error)


def spread(name: str, low: float, high: float) -> Design:
    """One column, even in the logarithm."""
    return lambda rng, rows: {name: np.geomspace(low, high, rows)}


def even(name: str, low: float, high: float) -> Design:
    return lambda rng, rows: {name: np.linspace(low, high, rows)}


def drawn(**ranges: tuple[float, float]) -> Design:
    """Columns drawn evenly in the logarithm, independent of each other."""

    def design(rng: np.random.Generator, rows: int) -> dict[str, Array]:
        return {name: np.exp(rng.uniform(np.log(low), np.log(high), rows)) for name, (low, high) in ranges.items()}

    return design


def _shares(rng: np.random.Generator, rows: int) -> dict[str, Array]:
    parts = rng.dirichlet(np.ones(3), rows)
    return {"web": parts[:, 0], "code": parts[:, 1]}


def _henighan(name: str, floor: float, scale: float, exponent: float) -> CurveCase:
    constants = {"L0": floor, "x0": scale, "alpha": exponent}
    return CurveCase(f"henighan_{name}", "power_floor", constants, 100, spread("N", 1e4, 1e10))


CASES: Final = (
    _henighan("image_8x8", 3.12, 80.0, 0.24),
    _henighan("image_16x16", 2.64, 280.0, 0.22),
    _henighan("image_32x32", 2.20, 63.0, 0.13),
    _henighan("vq_16x16", 3.99, 2.7e4, 0.13),
    _henighan("vq_32x32", 3.07, 1.9e4, 0.14),
    _henighan("text_to_image", 2.0, 5.1e3, 0.16),
    CurveCase("language_size", "power", {"x0": 1.47e14, "beta": -0.070}, 40, spread("N", 1e5, 1e10)),
    CurveCase("optimal_size", "power", {"x0": 3.3e-13, "beta": 0.73}, 40, spread("C", 1e-6, 1e3)),
    CurveCase(
        "sim_to_real", "power_floor", {"L0": 0.08, "x0": 30.0, "alpha": 0.5}, 40, spread("n", 50, 1e6),
    ),
    CurveCase(
        "kaplan", "kaplan", {"aN": 0.076, "aD": 0.103, "Nc": 6.4e13, "Dc": 1.8e13}, 150,
        drawn(N=(4e5, 7e8), D=(2e7, 2.2e10)),
    ),
    CurveCase(
        "kaplan_steps", "kaplan_steps", {"aN": 0.077, "aS": 0.76, "Nc": 6.5e13, "Sc": 2.1e3}, 150,
        drawn(N=(4e5, 7e8), step=(1e3, 2.5e5)),
    ),
    CurveCase(
        "critical_batch", "critical_batch",
        {"Nc": 6.5e13, "aN": 0.077, "Sc": 2.1e3, "aS": 0.76, "Bc": 2e8, "aB": 0.21}, 250,
        drawn(N=(4e5, 7e8), step=(1e3, 2.5e5), batch=(1e4, 4e6)),
    ),
    CurveCase(
        "chinchilla", "additive", {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}, 240,
        drawn(N=(1e7, 1.6e10), D=(2e8, 1e12)),
    ),
    CurveCase(
        "chinchilla_refitted", "additive", {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658},
        240, drawn(N=(1e6, 1e11), D=(1e8, 1e13)),
    ),
    CurveCase(
        "over_training", "over_training", {"E": 1.51, "a": 141.0, "b": 190.0, "eta": 0.121}, 104,
        drawn(C=(1e16, 1e21), M=(5, 640)), equal=("additive_tied",),
    ),
    CurveCase(
        "downstream_error", "downstream_error", {"eps": 0.850, "k": 2.08, "gamma": 0.756}, 100, even("loss", 2.2, 5.5),
    ),
    CurveCase(
        "fine_tuning", "fine_tuning", {"B": 66.0, "Dl": 32.0, "beta": 0.45, "E": 0.85}, 60, spread("D", 10, 1.7e7),
    ),
    CurveCase("pass_until", "pass_until", {"c": 300.0, "alpha": 0.25}, 40, spread("N", 3e7, 3e10)),
    CurveCase(
        "clustered_accuracy", "clustered_accuracy", {"g": 0.25, "a": 8e8, "b": 0.42, "c": 0.1}, 60,
        spread("C", 1e19, 1e25),
    ),
    CurveCase(
        "all_tokens_right", "all_tokens_right", {"c": 2e6, "alpha": 0.8}, 120, drawn(N=(1e7, 1e11), length=(1, 8)),
    ),
    CurveCase(
        "edit_distance", "edit_distance", {"c": 2e7, "alpha": 0.4}, 120, drawn(N=(1e7, 1e11), length=(2, 40)),
    ),
    CurveCase("entropy_reward", "entropy_reward", {"a": 0.12, "b": 0.60}, 60, even("entropy", 0.02, 1.2)),
    CurveCase("overshadowing", "overshadowing", {"alpha": 0.11, "Pc": 2.5}, 60, spread("popularity", 3, 300),
              equal=("logarithm",)),
    CurveCase(
        "reasoning_length", "reasoning_length", {"alpha": 0.95, "u": 0.04, "v": 0.8}, 60, spread("N", 1, 40),
    ),
    CurveCase(
        "reasoning_length_by_task", "reasoning_length_by_task", {"alpha": 0.95, "C": 300.0, "M": 20.0}, 150,
        drawn(N=(1.5, 40), T=(4, 24)),
    ),
    CurveCase(
        "broken_once", "broken_once", {"a": 0.5, "b": 20.0, "c0": 0.1, "c1": 0.5, "d1": 1e5, "f1": 0.25}, 120,
        spread("D", 1e2, 1e8),
    ),
    CurveCase(
        "broken_twice", "broken_twice",
        {"a": 0.2, "b": 10.0, "c0": 0.05, "c1": 0.5, "d1": 1e4, "f1": 0.2, "c2": -0.4, "d2": 1e7, "f2": 0.2}, 250,
        spread("D", 1e2, 1e10),
    ),
    CurveCase(
        "two_powers", "two_powers", {"L0": 1.7, "A": 6.0, "alpha": 0.15, "B": 6e3, "beta": 1.2}, 200,
        spread("step", 1e2, 1e7),
    ),
    CurveCase(
        "annealed", "annealed", {"L0": 2.6, "S0": 300.0, "alpha": 0.5, "k": 8e-5, "S1": 8e3}, 250,
        even("step", 40, 1e4),
    ),
    CurveCase("mixture", "mixture_2", {"c": 1.8, "k": 1.4, "t1": -1.2, "t2": 0.9}, 60, _shares),
    CurveCase("grokking_boundary", "grokking_boundary", {"a": 2.6}, 40, spread("M", 11, 400)),
    CurveCase(
        "two_sigmoids", "two_sigmoids",
        {"a": 0.05, "b1": 0.35, "d1": 300.0, "s1": 3.0, "b2": 0.6, "d2": 2e4, "s2": 4.0}, 200, spread("step", 10, 3e5),
    ),
    CurveCase(
        "massive_activations", "massive_activations",
        {"A": 0.19914, "lambda": 0.12452, "gamma": 1.1244e-4, "t0": 0.62122, "K": 0.12193}, 150,
        even("step", 0, 143000), additive=True,
    ),
    CurveCase("first_order", "first_order", {"K": 3.0, "A": -2.5, "tau": 2.0e4}, 150, even("step", 0, 143000)),
    CurveCase(
        "second_order", "second_order", {"K": 3.0, "A": -2.0, "B": -0.5, "z": 2e-5, "w": 1.2e-4}, 150,
        even("step", 0, 143000),
    ),
    CurveCase("rise_and_fall", "rise_and_fall", {"A": 0.05, "p": 0.8, "x0": 12.0}, 60, spread("N", 1, 60)),
    CurveCase("inverted_u", "inverted_u", {"K": 0.2, "A": 0.5, "x0": 1e4, "w": 1.5}, 80, spread("N", 1e2, 1e6)),
)  # fmt: skip
