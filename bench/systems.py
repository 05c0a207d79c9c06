"""Systems of differential equations, and the trajectories simulated from them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Trajectories
from ansatz.discovery.expression import Array, Node, evaluate, parse

FOLDER: Final = Path(__file__).parent / "systems"
SETS: Final = ("odebench", "own")
SAMPLES: Final = 150
SPAN: Final = 10.0
_TOLERANCE: Final = 1e-12
_FAR: Final = 1e12
_MOST_EVALUATIONS: Final = 100_000


@dataclass(frozen=True)
class KnownSystem:
    """A system with its initial values, two of them for the data; `fresh` is a third, between the two, from which it
    and what is found are followed."""

    id: str
    set: str
    states: tuple[str, ...]
    equations: tuple[Node, ...]
    initial: tuple[tuple[float, ...], ...]

    @property
    def fresh(self) -> tuple[float, ...]:
        first, second = np.array(self.initial[0]), np.array(self.initial[1])
        return tuple(float(v) for v in 0.6 * first + 0.4 * second)


@dataclass(frozen=True)
class MotionCase:
    """A system, the noise put on its states (σ = noise·std of the state in its run), and the share of samples kept."""

    system: KnownSystem
    noise: float
    kept: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.system.set}.{self.system.id}.noise{self.noise:g}.kept{self.kept:g}.seed{self.seed}"

    def data(self) -> Trajectories:
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big"))
        t = np.linspace(0, SPAN, SAMPLES)
        parts: list[tuple[Array, Array]] = []
        for start in self.system.initial:
            clean = follow(self.system.equations, self.system.states, start, t)
            noisy = clean + self.noise * clean.std(axis=0) * rng.standard_normal(clean.shape)
            rows = np.sort(rng.choice(t.size, round(self.kept * t.size), replace=False))
            parts.append((t[rows], noisy[rows]))
        states = np.vstack([x for _, x in parts])
        columns = [Column("t", np.concatenate([times for times, _ in parts]))]
        columns += [Column(name, states[:, j]) for j, name in enumerate(self.system.states)]
        runs = tuple(str(i) for i, (times, _) in enumerate(parts, start=1) for _ in range(times.size))
        return Trajectories(tuple(columns), "t", self.system.states, runs=runs)


def load(sets: Sequence[str], only: Sequence[str] = ()) -> list[KnownSystem]:
    """The systems of the sets; with `only`, those of these ids. Raises ValueError where an id is unknown."""
    systems = [_system(name, s) for name in sets for s in json.loads((FOLDER / f"{name}.json").read_text())]
    if unknown := set(only) - {s.id for s in systems}:
        raise ValueError(f"no system is called {', '.join(sorted(unknown))}; see bench/systems/")
    return [s for s in systems if not only or s.id in only]


def _system(set_name: str, entry: Mapping[str, Any]) -> KnownSystem:
    constants = entry["consts"][0]
    states = tuple(f"x_{i}" for i in range(entry["dim"]))
    text = re.sub(r"\bcot\((\w+)\)", r"(cos(\1)/sin(\1))", entry["eq"].replace("^", "**"))
    text = re.sub(r"\bc_(\d+)\b", lambda m: f"({float(constants[int(m.group(1))])!r})", text)
    equations = tuple(parse(part.strip(), states) for part in text.split("|"))
    initial = tuple(tuple(map(float, start)) for start in entry["init"])
    return KnownSystem(str(entry["id"]), set_name, states, equations, initial)


def follow(
    equations: Sequence[Node], states: Sequence[str], start: Sequence[float], t: Array, tolerance: float = _TOLERANCE
) -> Array:
    """The states (n, d) from a start at times t; NaN from where the solver fails on, and all NaN where one leaves
    1e12 or the solver needs 100,000 evaluations."""
    from scipy.integrate import solve_ivp

    evaluations = 0

    def rates(time: float, z: Array) -> list[float]:
        nonlocal evaluations
        evaluations += 1
        if evaluations > _MOST_EVALUATIONS or not np.all(np.abs(z) < _FAR):
            raise OverflowError
        # What was found may name the time, as a wave does.
        columns = {"t": np.array([time])} | {name: z[j : j + 1] for j, name in enumerate(states)}
        return [float(evaluate(e, columns, 1)[0]) for e in equations]

    found = np.full((t.size, len(states)), np.nan)
    with np.errstate(all="ignore"):
        try:
            solved = solve_ivp(
                rates, (t[0], t[-1]), start, method="LSODA", t_eval=t, rtol=tolerance, atol=tolerance
            )  # fmt: skip
        except (ValueError, OverflowError):
            return found
    found[: solved.y.shape[1]] = solved.y.T
    return found
