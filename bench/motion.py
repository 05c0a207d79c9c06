"""Laws of driven, damped, nonlinear oscillators, with the trajectories they make and first guesses at them.

The family of VIPER-R1 (arXiv:2508.17380): an acceleration of 2 to 5 terms in position, velocity and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, add, evaluate, parse, to_text
from bench.cases import Law, generator

STEP: Final = 0.02
ROWS: Final = 1000
SHARE: Final = 0.05
CONDITION: Final = 10.0
_SIZE: Final = 10.0
_NAMES: Final = ("t", "x", "v")

TERMS: Final[Mapping[str, tuple[float, float]]] = {
    "-{c}*x": (0.5, 4.0), "-{c}*v": (0.05, 0.5), "-{c}*v**3": (0.02, 0.3), "-{c}*x**3": (0.1, 1.5),
    "{c}*cos({w}*t)": (0.5, 3.0), "-{c}*x*cos({w}*t)": (0.2, 1.5), "-{c}*v*abs(v)": (0.05, 0.4),
    "{c}*x**2": (0.1, 0.5), "{c}": (0.2, 1.0), "{c}*x*v": (0.1, 0.4),
}  # fmt: skip
"""Terms, with the range of each coefficient; all but the first four may have either sign. One angular frequency for all
waves of a law."""
_RESTORING: Final = ("-{c}*x", "-{c}*x**3")
_DAMPING: Final = ("-{c}*v", "-{c}*v**3", "-{c}*v*abs(v)")
_FREQUENCIES: Final = (0.6, 4.0)


@dataclass(frozen=True)
class Motion:
    """A law of motion: its terms as text, and its trajectory of `ROWS` rows, `STEP` apart."""

    id: str
    terms: tuple[str, ...]
    columns: Mapping[str, Array]

    @property
    def formula(self) -> Node:
        return _sum(self.terms)

    @property
    def acceleration(self) -> Array:
        return evaluate(self.formula, self.columns, ROWS)

    @property
    def law(self) -> Law:
        box = {n: (float(c.min()), float(c.max())) for n, c in self.columns.items()}
        return Law(self.id, "motion", "a", self.formula, box)

    def noisy(self, noise: float) -> Array:
        clean = self.acceleration
        return clean + noise * np.std(clean) * generator(f"{self.id} noise {noise}").standard_normal(ROWS)

    def ansatz(self) -> str:
        """A first guess: one or two terms are missing, or none; constants are off by up to half."""
        rng = generator(f"{self.id} ansatz")
        missing = int(rng.integers(0, min(3, len(self.terms))))
        kept = rng.permutation(len(self.terms))[: len(self.terms) - missing]
        factors = rng.uniform(0.5, 1.5, (len(kept), 2))
        guess = [_scaled(self.terms[i], *pair) for i, pair in zip(sorted(kept), factors, strict=True)]
        return to_text(_sum(guess))


def motions(count: int) -> list[Motion]:
    """The first laws of the series that can be told from their own data."""
    found: list[Motion] = []
    number = 0
    while len(found) < count:
        number += 1
        motion = _drawn(number)
        if motion is not None:
            found.append(motion)
    return found


def _drawn(number: int) -> Motion | None:
    """The law of that number, with a trajectory; None where it runs away or its terms cannot be told apart."""
    rng = generator(f"oscillator {number}")
    forms = _forms(rng)
    frequency = float(f"{rng.uniform(*_FREQUENCIES):.3g}")
    terms = []
    for form in forms:
        low, high = TERMS[form]
        size = float(f"{rng.uniform(low, high):.3g}")
        sign = rng.choice([-1, 1]) if form in list(TERMS)[4:] and form not in _DAMPING else 1
        terms.append(form.format(c=sign * size, w=frequency).replace("--", ""))
    columns = _trajectory(_sum(terms), rng.uniform(0.5, 2.5, 2) * rng.choice([-1, 1], 2))
    motion = None if columns is None else Motion(f"oscillator{number}", tuple(terms), columns)
    return motion if motion is not None and _identifiable(motion) else None


def _forms(rng: np.random.Generator) -> list[str]:
    """2 to 5 terms, one of them restoring and, but for pairs, one damping."""
    count = int(rng.integers(2, 6))
    forms = [str(rng.choice(_RESTORING))]
    if count > 2:
        forms.append(str(rng.choice(_DAMPING)))
    others = [f for f in TERMS if f not in forms]
    return [*forms, *map(str, rng.permutation(others)[: count - len(forms)])]


def _sum(terms: tuple[str, ...] | list[str]) -> Node:
    total: Node | None = None
    for term in terms:
        node = parse(term, _NAMES)
        total = node if total is None else add(total, node)
    assert total is not None
    return total


def _scaled(term: str, coefficient: float, frequency: float) -> str:
    """The term with its constants multiplied."""
    head, wave, tail = term.partition("cos(")
    number, star, rest = head.partition("*")
    scaled = f"{float(number) * coefficient:.4g}{star}{rest}"
    if not wave:
        return scaled
    w, _, clock = tail.partition("*")
    return f"{scaled}cos({float(w) * frequency:.4g}*{clock}"


def _trajectory(formula: Node, start: Array) -> dict[str, Array] | None:
    from scipy.integrate import solve_ivp

    def slopes(t: float, state: Array) -> Array:
        columns = {"t": np.array([t]), "x": state[:1], "v": state[1:]}
        return np.array([state[1], float(evaluate(formula, columns, 1)[0])])

    def away(t: float, state: Array) -> float:
        return _SIZE - float(np.max(np.abs(state)))

    away.terminal = True  # type: ignore[attr-defined]
    times = STEP * np.arange(ROWS)
    run = solve_ivp(slopes, (0.0, times[-1]), start, t_eval=times, events=away, rtol=1e-8, atol=1e-10)
    if not run.success or run.t.size < ROWS:
        return None
    return {"t": times, "x": run.y[0], "v": run.y[1]}


def _identifiable(motion: Motion) -> bool:
    """Every term has, apart from what the others can say, at least 5 % of the acceleration's standard deviation; the
    terms, at unit length, have a condition number of at most 10."""
    values = np.column_stack([evaluate(parse(t, _NAMES), motion.columns, ROWS) for t in motion.terms])
    spread = float(np.std(motion.acceleration))
    unit = values / np.linalg.norm(values, axis=0)
    if not spread > 0 or np.linalg.cond(unit) > CONDITION:
        return False
    for j in range(values.shape[1]):
        others = np.delete(unit, j, axis=1)
        own = values[:, j] - others @ np.linalg.lstsq(others, values[:, j], rcond=None)[0]
        if np.sqrt(np.mean(own**2)) < SHARE * spread:
            return False
    return True
