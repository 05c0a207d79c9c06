"""What people ask of a law: values at other scales, the best size for a budget, the tokens to reach a loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.curves.chosen import ChosenLaw, fitted, prepared_again
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.intervals import draws, profile, value_quantity
from ansatz.discovery.curves.laws.compute import FLOPS_PER_PARAMETER_AND_TOKEN
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array, to_text
from ansatz.discovery.report.curves import Answers, Optimum, Prediction, Reach
from ansatz.discovery.report.estimate import Estimate

MAX_QUESTIONS: Final = 1000
_AXES: Final = ("D", "S", "C", "N")


@dataclass(frozen=True)
class _Places:
    """Say where answers are looked for. Chosen by judgement.

    Attributes:
        draws: of the constants: of 200 the ends of an 80 % interval are the twentieth on either side.
        smallest: size of a model, in parameters.
        largest: size of a model.
        sizes: tried between them, 40 a decade.
        refined: sizes tried between the neighbours of the best.
        nearest: place on an axis, over the scale of the data.
        farthest: place on an axis, over that scale.
        places: tried between them, 100 a decade.
    """

    draws: int = 200
    smallest: float = 1e3
    largest: float = 1e15
    sizes: int = 481
    refined: int = 61
    nearest: float = 1e-3
    farthest: float = 1e9
    places: int = 1201


_PLACES: Final = _Places()
_SIZES: Final = np.geomspace(_PLACES.smallest, _PLACES.largest, _PLACES.sizes)
_REACH: Final = np.geomspace(_PLACES.nearest, _PLACES.farthest, _PLACES.places)


@dataclass(frozen=True)
class Questions:
    """What is asked of a law. Raises InvalidInputError.

    Attributes:
        points: values by input (the caller's names), one mapping a prediction.
        budgets: floating-point operations, for the best size and data at 6·N·D.
        targets: values to reach along tokens or steps. The other inputs are as in the first point, or in the largest
            row.
        probability: of the intervals, in (0, 1).
    """

    points: tuple[Mapping[str, float], ...] = ()
    budgets: tuple[float, ...] = ()
    targets: tuple[float, ...] = ()
    probability: float = 0.8

    def __post_init__(self) -> None:
        violations = []
        if not 0 < self.probability < 1:
            violations.append(Violation("probability", f"is {self.probability:g}; give a number between 0 and 1"))
        count = len(self.points) + len(self.budgets) + len(self.targets)
        if count == 0:
            violations.append(Violation("points", "are not given, nor budgets, nor targets; ask something"))
        if count > MAX_QUESTIONS:
            violations.append(
                Violation("points", f"with budgets and targets are {count}; give at most {MAX_QUESTIONS}")
            )
        for i, budget in enumerate(self.budgets):
            if not (math.isfinite(budget) and budget > 0):
                violations.append(Violation(f"budgets[{i}]", f"is {budget:g}; give a number > 0"))
        for i, target in enumerate(self.targets):
            if not math.isfinite(target):
                violations.append(Violation(f"targets[{i}]", f"is {target:g}; give a finite number"))
        if violations:
            raise InvalidInputError(violations)


@np.errstate(all="ignore")
def answer(curves: Curves, law: ChosenLaw, questions: Questions, options: Options = Options()) -> Answers:  # noqa: B008
    """Return the answers of one law of a report on the same curves. The law is fitted again, as the report fitted it.

    Raises InvalidInputError where a point lacks an input of the law, or the law has no size or no axis to ask for.
    """
    prepared = prepared_again(curves, options)
    fit = fitted(curves, prepared, law, options)
    asked = _Asked(fit, prepared, questions, options.seed)
    points = _points(fit, prepared, questions.points)
    formula = fit.model.formula(fit.u, prepared.target)
    return Answers(
        formula=to_text(formula) if formula is not None else law.formula,
        probability=questions.probability,
        predictions=tuple(asked.prediction(point) for point in points),
        optima=tuple(asked.optimum(budget) for budget in questions.budgets),
        reaches=tuple(asked.reach(target, points) for target in questions.targets),
    )


def _points(fit: CurveFit, prepared: PreparedCurves, points: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Return points by names in formulas. Raises InvalidInputError where an input of the law is missing or wrong."""
    own = {caller: name for name, caller in prepared.names.items()}
    needed = set(fit.model.binding.values())
    violations, made = [], []
    for i, point in enumerate(points):
        named = {own.get(name, name): float(value) for name, value in point.items()}
        if missing := sorted(needed - named.keys()):
            violations.append(Violation(f"points[{i}]", f"lacks {', '.join(missing)}, which the law uses; give it"))
        for name in needed & named.keys():
            if not math.isfinite(named[name]):
                violations.append(Violation(f"points[{i}][{name!r}]", f"is {named[name]:g}; give a finite number"))
        made.append({name: named[name] for name in needed if name in named})
    if violations:
        raise InvalidInputError(violations)
    return made


@dataclass(eq=False)
class _Asked:
    """Answer questions of one law.

    Attributes:
        fit: of the law.
        prepared: the curves.
        questions: what is asked.
        seed: of the draws.
    """

    fit: CurveFit
    prepared: PreparedCurves
    questions: Questions
    seed: int
    _draws: Array | None = field(default=None, init=False)

    def prediction(self, point: Mapping[str, float]) -> Prediction:
        """Return the value of the law at a point, and that of an observation there."""
        fit, sample = self.fit, self.fit.sample
        interval = profile(fit, value_quantity(fit, point), self.questions.probability)
        half = t_quantile(fit.degrees, 0.5 + self.questions.probability / 2)
        more = half * fit.noise * float(np.median(sample.spread))
        ends = (interval.value - interval.lower, interval.upper - interval.value)
        wide = [math.hypot(end, more) for end in ends]
        inside = all(sample.columns[name].min() <= value <= sample.columns[name].max() for name, value in point.items())
        return Prediction(
            law=self._estimate(interval.value, interval.lower, interval.upper),
            observation=self._estimate(interval.value, interval.value - wide[0], interval.value + wide[1]),
            extrapolates=not inside,
        )

    def _estimate(self, value: float, lower: float, upper: float) -> Estimate:
        """Return an estimate of values, given one on the scale."""
        with np.errstate(all="ignore"):
            value, lower, upper = map(float, self.fit.sample.from_scale(np.array([value, lower, upper])))
        return Estimate(_finite(value), _finite(lower), _finite(upper))

    def optimum(self, budget: float) -> Optimum:
        """Return the best N for D = budget / 6 N, by the law and by draws of its constants."""
        roles = self._scales("budgets")
        settings = np.vstack([self.fit.u[None, :], self._settings()])

        def columns(sizes: Array) -> dict[str, Array]:
            data = budget / (FLOPS_PER_PARAMETER_AND_TOKEN * sizes)
            made = {"N": sizes, "D": data, "C": np.full(sizes.size, budget)}
            return {column: made[role] for role, column in roles.items()}

        values = self._values(settings, columns(_SIZES))
        place = np.argmin(np.where(np.isfinite(values), values, np.inf), axis=1)
        chosen = np.empty(len(settings))
        losses = np.empty(len(settings))
        step = _SIZES[1] / _SIZES[0]
        for i, k in enumerate(place):
            around = _SIZES[k] * np.geomspace(1 / step, step, _PLACES.refined)
            near = self._values(settings[i : i + 1], columns(around))[0]
            chosen[i], losses[i] = around[np.argmin(near)], np.min(near)
        tokens = budget / (FLOPS_PER_PARAMETER_AND_TOKEN * chosen)
        return Optimum(budget, *(self._of_draws(values) for values in (chosen, tokens, losses)))

    def reach(self, target: float, points: Sequence[Mapping[str, float]]) -> Reach:
        """Return where the law crosses the target along its axis."""
        used = set(self.fit.model.binding.values())
        roles = {role: self.prepared.roles.get(role) for role in _AXES}
        axis = next((column for column in roles.values() if column in used), None) or sorted(used)[0]
        base = points[0] if points else self._largest_row()
        scale = self.fit.model.scales.get(next(v for v, c in self.fit.model.binding.items() if c == axis), 1.0)
        along = _REACH * (scale if scale != 1.0 else float(np.max(self.fit.sample.columns[axis])))
        columns = {name: np.full(along.size, value) for name, value in base.items()} | {axis: along}
        settings = np.vstack([self.fit.u[None, :], self._settings()])
        values = self._values(settings, columns)
        return Reach(target, axis, self._of_draws(np.array([_crossing(along, v, target) for v in values])))

    def _largest_row(self) -> dict[str, float]:
        columns = self.fit.sample.columns
        return {name: float(columns[name].max()) for name in self.fit.model.binding.values()}

    def _scales(self, asked: str) -> dict[str, str]:
        """Return the columns of size, data and compute that the law uses, by role: two at least, or nothing is best."""
        used, roles = set(self.fit.model.binding.values()), self.prepared.roles
        found = {role: roles[role] for role in ("N", "D", "C") if roles.get(role) in used}
        lacking = [role for role in ("N", "D") if role not in found]
        if len(found) < 2 or len(found) < len(used):
            what = f"has no {lacking[0]}" if lacking else "has other inputs, too"
            text = f"need a law of size N and data D; this one {what}: name its column, or take another rank"
            raise InvalidInputError([Violation(asked, text)])
        return found

    def _settings(self) -> Array:
        if self._draws is None:
            self._draws = draws(self.fit, _PLACES.draws, self.seed)
        return self._draws

    def _values(self, settings: Array, columns: Mapping[str, Array]) -> Array:
        return self.fit.model.values(settings, self.fit.model.variables_at(columns))

    def _of_draws(self, values: Array) -> Estimate:
        """Return the first value with the quantiles of the others; one that is never reached counts as infinite."""
        tail = (1 - self.questions.probability) / 2
        rest = np.where(np.isfinite(values[1:]), values[1:], np.inf)
        lower, upper = np.quantile(rest, (tail, 1 - tail), method="inverted_cdf")
        return Estimate(_finite(float(values[0])), _finite(float(lower)), _finite(float(upper)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _crossing(x: Array, values: Array, target: float) -> float:
    """Return the first x at which values pass the target, between places in the logarithm; NaN where none is."""
    above = values > target
    change = np.flatnonzero(above[1:] != above[:-1])
    if not change.size or not np.all(np.isfinite(values[change[0] : change[0] + 2])):
        return math.nan
    k = int(change[0])
    share = (target - values[k]) / (values[k + 1] - values[k])
    return float(x[k] * (x[k + 1] / x[k]) ** share)
