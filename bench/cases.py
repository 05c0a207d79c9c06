"""What is measured: laws with their ranges, and the data drawn from them."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, evaluate, parse

LAWS_FOLDER: Final = Path(__file__).parent / "laws"
SETS: Final = ("feynman", "held_out", "composites")
ROWS: Final = 200
JUNK_RANGE: Final = (1.0, 5.0)
_DRAWS: Final = 200

Box = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Law:
    """A known law: `target` = `formula` of the variables of `box`, which maps each to its (low, high); `units` of the
    variables and `unit` of the target, empty where none are known."""

    id: str
    set: str
    target: str
    formula: Node
    box: Box
    units: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True)
class Case:
    """A law, the noise put on it (σ = noise·std(y)) and the number of irrelevant columns beside its inputs."""

    law: Law
    noise: float
    junk: int
    seed: int

    @property
    def name(self) -> str:
        law = re.sub(r"[^A-Za-z0-9_.-]", "_", self.law.id)
        return f"{self.law.set}.{law}.noise{self.noise:g}.junk{self.junk}.seed{self.seed}"

    def data(self, rows: int = ROWS) -> tuple[dict[str, Array], Array]:
        """The columns, each of shape (rows,), junk last, and the noisy target."""
        rng = generator(self.name)
        box = {**self.law.box, **{f"junk{i}": JUNK_RANGE for i in range(self.junk)}}
        columns, clean = draw(self.law, box, rows, rng)
        return columns, clean + self.noise * np.std(clean) * rng.standard_normal(rows)


def load(sets: Sequence[str], only: Sequence[str] = ()) -> list[Law]:
    """The laws of the sets; with `only`, those of these ids. Raises ValueError where an id is unknown."""
    laws = [_law(name, entry) for name in sets for entry in json.loads((LAWS_FOLDER / f"{name}.json").read_text())]
    if unknown := set(only) - {law.id for law in laws}:
        raise ValueError(f"no law is called {', '.join(sorted(unknown))}; see bench/laws/")
    return [law for law in laws if not only or law.id in only]


def _law(set_name: str, entry: Mapping[str, object]) -> Law:
    variables = entry["variables"]
    if not isinstance(variables, list):
        raise ValueError(f"{entry['id']}: variables is no list")
    box = {str(v["name"]): (float(v["low"]), float(v["high"])) for v in variables}
    formula = parse_law(str(entry["formula"]), list(box))
    units = {str(v["name"]): str(v["unit"]) for v in variables if "unit" in v}
    return Law(str(entry["id"]), set_name, str(entry["output"]), formula, box, units, str(entry.get("unit", "")))


def parse_law(text: str, names: Sequence[str]) -> Node:
    """A formula as written in the law files: ln, arcsin and pi besides the library's own grammar."""
    for ours, theirs in (("log", "ln"), ("asin", "arcsin"), ("acos", "arccos"), ("atan", "arctan")):
        text = re.sub(rf"\b{theirs}\b(?=\()", ours, text)
    return parse(re.sub(r"\bpi\b", repr(math.pi), text), names)


def draw(law: Law, box: Box, rows: int, rng: np.random.Generator) -> tuple[dict[str, Array], Array]:
    """`rows` rows, uniform in the box, in which the law is finite; and the law's values there."""
    kept: dict[str, list[Array]] = {name: [] for name in box}
    found: list[Array] = []
    for _ in range(_DRAWS):
        columns = {name: rng.uniform(low, high, rows) for name, (low, high) in box.items()}
        y = evaluate(law.formula, columns, rows)
        finite = np.isfinite(y)
        for name, values in columns.items():
            kept[name].append(values[finite])
        found.append(y[finite])
        if sum(part.size for part in found) >= rows:
            return {name: np.concatenate(parts)[:rows] for name, parts in kept.items()}, np.concatenate(found)[:rows]
    raise ValueError(f"{law.id} is seldom finite in its box")


def wider(box: Box) -> dict[str, tuple[float, float]]:
    """A box twice as wide; a range of non-negative numbers stays one."""

    def widened(low: float, high: float) -> tuple[float, float]:
        width = high - low
        if low >= 0 and low < width / 2:
            return low / 2, low / 2 + 2 * width
        return low - width / 2, high + width / 2

    return {name: widened(low, high) for name, (low, high) in box.items()}


def generator(name: str) -> np.random.Generator:
    """Random numbers that depend on the name alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
