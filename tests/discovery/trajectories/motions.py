"""Motions simulated from known laws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import solve_ivp

from ansatz.discovery import Column, Trajectories
from ansatz.discovery.expression import Array

Rates = Callable[[float, Array], Sequence[float]]


def simulated(rates: Rates, start: Sequence[float], t: Array) -> Array:
    """States (n, d) at times t."""
    solved = solve_ivp(rates, (t[0], t[-1]), start, method="DOP853", t_eval=t, rtol=1e-11, atol=1e-12)
    states: Array = solved.y.T
    return states


def motion(  # noqa: PLR0917
    rates: Rates,
    starts: Sequence[Sequence[float]],
    t: Array,
    names: Sequence[str],
    noise: float = 0.0,
    order: int = 1,
    held_out: Sequence[str] = (),
) -> Trajectories:
    """A run from each start, called 1, 2, …; with order 2 only the first half of the states, the positions, is seen."""
    rng = np.random.default_rng(1)
    runs = []
    for start in starts:
        states = simulated(rates, start, t)[:, : len(names)]
        runs.append(states + noise * states.std(axis=0) * rng.standard_normal(states.shape))
    x = np.vstack(runs)
    columns = [Column("t", np.tile(t, len(starts))), *(Column(n, x[:, j]) for j, n in enumerate(names))]
    labels = tuple(str(i) for i in range(1, len(starts) + 1) for _ in t)
    return Trajectories(tuple(columns), "t", tuple(names), runs=labels, order=order, held_out=tuple(held_out))


def switching(
    rates: Callable[[Array, float], Sequence[float]], inside: Callable[[Array], float], start: Sequence[float], t: Array
) -> Array:
    """States (n, d) at times t of a law that depends on the sign of `inside`, each piece up to where that changes."""
    z, now = np.array(start, dtype=float), float(t[0])
    side = 1.0 if inside(z) >= 0 else -1.0
    found = [z]
    for until in map(float, t[1:]):
        while now < until:

            def crossing(_: float, at: Array) -> float:
                return inside(at)

            crossing.terminal, crossing.direction = True, -side  # type: ignore[attr-defined]
            solved = solve_ivp(
                lambda _, at, held=side: rates(at, held), (now, until), z, method="DOP853",
                rtol=1e-12, atol=1e-13, events=crossing,
            )  # fmt: skip
            z, now = solved.y[:, -1], float(solved.t[-1])
            side = -side if solved.status == 1 else side
        found.append(z)
    return np.array(found)


def observed(  # noqa: PLR0917
    states: Sequence[Array], t: Array, names: Sequence[str], noise: float, order: int = 1, seed: int = 1
) -> Trajectories:
    """Runs called 1, 2, … of the states (n, ≥ len(names)) at times t, with noise relative to their spread."""
    rng = np.random.default_rng(seed)
    seen = [s[:, : len(names)] for s in states]
    x = np.vstack([s + noise * s.std(axis=0) * rng.standard_normal(s.shape) for s in seen])
    columns = [Column("t", np.tile(t, len(seen))), *(Column(n, x[:, j]) for j, n in enumerate(names))]
    labels = tuple(str(i) for i in range(1, len(seen) + 1) for _ in t)
    return Trajectories(tuple(columns), "t", tuple(names), runs=labels, order=order)
