"""The experiments to make next: where the rivals of a front disagree most, for the noise seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.asked.options import Options
from ansatz.discovery.data.box import Box, Interval
from ansatz.discovery.data.table import Table
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.evidence.description_length import ROUNDING
from ansatz.discovery.experiments.discrimination import Design, Predictions, predictions
from ansatz.discovery.experiments.groups import GroupedRows
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.fit.noise import weighted
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Candidate, Warning
from ansatz.discovery.search.archive import SCREEN_ROWS
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import TableQuestion

MAX_EXPERIMENTS: Final = 100
DEFAULT_EXPERIMENTS: Final = 5


@dataclass(frozen=True)
class _Weighing:
    """Say which rivals count, and how. Chosen by judgement.

    Attributes:
        most_rivals: formulas of the front that are told apart, those of the shortest descriptions.
        points: of the box, from which experiments are chosen.
        plausible: probability from which a rival counts where it is asked whether any are told apart.
        undefined: probability of the rivals that need not be defined at a point: a formula that ends at the last row
            must not keep experiments from where the others differ.
        told_apart: standard deviations from which two rivals are.
        clearly: logarithm of the likelihood ratio from which noise is relative to the target.
        same: span of that, by row, below which the weights say it already.
        fits_as_well: bits of misfit within which a rival fits as well as the best.
        longer: bits that such a rival is charged for its length, at most.
    """

    most_rivals: int = 12
    points: int = 1000
    plausible: float = 1e-4
    undefined: float = 0.01
    told_apart: float = 2.0
    clearly: float = 3.0
    same: float = 0.5
    fits_as_well: float = 10.0
    longer: float = 10.0


_WEIGHING: Final = _Weighing()


@dataclass(frozen=True)
class Rival:
    """A formula of the front that the data do not rule out: its rank there, and its probability by description length
    before the experiments."""

    rank: int
    formula: Node
    weight: float


@dataclass(frozen=True)
class Experiment:
    """Hold one experiment to make.

    Attributes:
        inputs: by the caller's column names.
        predictions: of each rival, in the target's unit, NaN where it is not defined.
        first_rank: of the two rivals that it helps most to tell apart, the better.
        second_rank: the other.
        group: the group to make it in, by label; empty where rows come in no groups.
        separation: how far these lie apart once this experiment and those before it are made, in standard deviations of
            what noise, unsettled constants and a tenth of the difference itself leave open.
    """

    inputs: Mapping[str, float]
    predictions: tuple[float, ...]
    first_rank: int
    second_rank: int
    separation: float
    group: str = ""


@dataclass(frozen=True)
class Proposal:
    """Experiments in the order in which to make them, each taking into account what those before it will tell.

    `noise_std` is the standard deviation of the noise assumed, in the target's unit or, where `noise_is_relative`, over
    its size.
    """

    experiments: tuple[Experiment, ...]
    rivals: tuple[Rival, ...]
    noise_std: float
    noise_is_relative: bool
    warnings: tuple[Warning, ...]


@np.errstate(all="ignore")
def propose_experiments(
    table: Table, candidates: Sequence[Candidate], box: Box, count: int = DEFAULT_EXPERIMENTS, seed: int = 0
) -> Proposal:
    """Return the `count` (1 to 100) points of a box that tell the candidates of a report on a table apart.

    An input that is not in the box keeps to the range of the data. Of grouped data each experiment is in one of the
    twenty largest groups, where formulas have that group's constants; inputs that differ between groups alone keep the
    group's value. Raises InvalidInputError.
    """
    _check(table, candidates, box, count)
    prepared = prepare(TableQuestion(table, Options()), keep_all=True)
    groups = GroupedRows.of(table)
    first = min(candidates, key=lambda c: c.rank).formula
    weighed = weighted(prepared.problem, prepared.noise.at(prepared.problem, first))
    data = groups.problem(weighed).subsample(SCREEN_ROWS)
    rivals = sorted(candidates, key=lambda c: c.scores.description_length)[: _WEIGHING.most_rivals]
    fits = [fit_constants(groups.formula(c), data) for c in rivals]
    noise = _noise_of(fits[0], data)
    whole = _whole_box(table, box)
    chosen = {table.names.identifiers[name] for name in box.intervals}
    kept = {name: v for name, v in groups.fixed_inputs(prepared.problem).items() if name not in chosen}
    points, group = _points(whole, prepared.problem, groups, kept, seed)
    predicted = [predictions(fit.formula, data, noise.in_rows(data), points) for fit in fits]
    log_weights = _log_weights(rivals, fits, data)
    design = _design(predicted, log_weights, noise, np.column_stack([_places(whole, points), groups.members(group)]))
    inputs = {name: points.columns[formula] for name, formula in table.names.identifiers.items()}
    experiments = []
    for _ in range(count):
        row, (i, j), separation = design.choose()
        experiments.append(
            Experiment(
                inputs={name: float(column[row]) for name, column in inputs.items()},
                predictions=tuple(float(p.values[row]) for p in predicted),
                first_rank=min(rivals[i].rank, rivals[j].rank),
                second_rank=max(rivals[i].rank, rivals[j].rank),
                separation=separation,
                group=groups.labels[group[row]],
            )
        )
    return Proposal(
        experiments=tuple(experiments),
        rivals=tuple(Rival(c.rank, c.formula, math.exp(w)) for c, w in zip(rivals, log_weights, strict=True)),
        noise_std=noise.std,
        noise_is_relative=noise.relative,
        warnings=_warnings(design, log_weights),
    )


def _check(table: Table, candidates: Sequence[Candidate], box: Box, count: int) -> None:
    violations: list[Violation] = []
    known = ", ".join(map(repr, table.inputs[:20]))
    for name in box.intervals:
        if name not in table.inputs:
            violations.append(Violation(f"box[{name[:80]!r}]", f"is no input; inputs: {known}"))
    if not 1 <= count <= MAX_EXPERIMENTS:
        violations.append(Violation("n", f"is {count}; give 1 to {MAX_EXPERIMENTS}"))
    if len(candidates) < 2:
        violations.append(
            Violation("candidates", f"are {len(candidates)}; give at least two that are to be told apart")
        )
    if violations:
        raise InvalidInputError(violations)


@dataclass(frozen=True)
class _Noise:
    """Noise of standard deviation `std`, times the size of the target where it is relative."""

    std: float
    relative: bool

    def in_rows(self, data: Problem) -> Array:
        """Return standard deviation in each row, shape (n,)."""
        if self.relative:
            return self.std * np.maximum(np.abs(data.y), 1e-300)
        return np.full(data.rows, self.std) if data.weights is None else self.std / np.sqrt(data.weights)

    def at(self, values: Array) -> Array:
        """Return standard deviation where the target has these values."""
        return self.std * np.maximum(np.abs(values), 1e-300) if self.relative else np.full(values.size, self.std)


def _noise_of(best: FormulaFit, data: Problem) -> _Noise:
    """Return the noise in the residual of the best fit: relative to the target where that is clearly likelier, or what
    the weights of the fit say.

    Its standard deviation is on n - k degrees of freedom; one that is not relative holds where weights are 1.
    """
    degrees = max(data.rows - len(free_positions(best.formula)), 1)
    error = data.evaluate(best.formula) - data.y
    even = _Noise(max(_root_mean_square(error, data.weights, degrees), ROUNDING.size * data.y_scale), relative=False)
    if np.any(data.y == 0):
        return even
    share = _root_mean_square(error / data.y, None, degrees)
    relative = _Noise(max(share, ROUNDING.size), relative=True)
    # Logarithms of the likelihoods' factors, row by row.
    gain = np.log(even.in_rows(data)) - np.log(relative.in_rows(data))
    weighed = data.weights is not None and float(np.ptp(gain)) < _WEIGHING.same < float(np.ptp(np.log(data.weights)))
    return relative if weighed or float(np.sum(gain)) > _WEIGHING.clearly else even


def _root_mean_square(error: Array, weights: Array | None, degrees: int) -> float:
    return math.sqrt(float(np.average(error**2, weights=weights)) * error.size / degrees)


def _whole_box(table: Table, box: Box) -> Box:
    """Return the box by names in formulas, with the range of the data for inputs that it leaves out."""
    intervals = {}
    for name, formula_name in table.names.identifiers.items():
        column = table.column(name).values
        intervals[formula_name] = box.intervals.get(name) or Interval(float(column.min()), float(column.max()))
    return Box(intervals)


def _points(
    whole: Box, problem: Problem, groups: GroupedRows, kept: Mapping[str, Array], seed: int
) -> tuple[Problem, NDArray[np.intp]]:
    """Return candidate points as the rows of a problem without a target of its own, and the group of each, in turn.

    Inputs that are `kept` have a value by group.
    """
    columns = dict(whole.points(_WEIGHING.points, seed))
    count = next(iter(columns.values())).size
    group = np.arange(count) % len(groups.labels)
    columns |= {name: values[group] for name, values in kept.items()}
    X = np.column_stack([columns[name] for name in problem.names])
    points = replace(problem, X=np.asfortranarray(X), y=np.zeros(count), weights=None)
    return (groups.beside(points, group) if groups.is_grouped else points), group


def _log_weights(rivals: Sequence[Candidate], fits: Sequence[FormulaFit], data: Problem) -> Array:
    """Return logarithms of the rivals' probabilities, of sum 1: 2**-bits of description length.

    A formula that fits as well as the best, and is only longer, keeps odds of one to a thousand. The data have said
    nothing against it, and what is simple on the rows seen need not be so beyond them.
    """
    bits = np.array([c.scores.description_length for c in rivals])
    bits = bits - bits.min()
    errors = np.maximum([fit.rmse for fit in fits], ROUNDING.size * data.y_scale)
    misfit = data.rows * np.log2(errors / errors.min())
    bits = np.where(misfit <= _WEIGHING.fits_as_well, np.minimum(bits, _WEIGHING.longer), bits)
    logs = -math.log(2.0) * bits
    return np.asarray(logs - math.log(float(np.sum(np.exp(logs)))))


def _places(box: Box, points: Problem) -> Array:
    """Return where the points lie in the box, as shares of its sides."""
    return np.column_stack([interval.shares(points.columns[name]) for name, interval in box.intervals.items()])


def _design(predicted: Sequence[Predictions], log_weights: Array, noise: _Noise, places: Array) -> Design:
    """Return a design over the points where the first rival is defined, and those of nearly all the probability.

    Raises:
        InvalidInputError: where there is no such point.
    """
    values = np.array([p.values for p in predicted])
    finite = np.isfinite(values)
    allowed = finite[0] & (np.exp(log_weights) @ finite >= 1 - _WEIGHING.undefined)
    if not np.any(allowed):
        raise InvalidInputError(
            [Violation("box", "holds no point at which the leading formulas are all defined; give another box")]
        )
    weights = np.exp(log_weights)[:, None]
    centre = np.sum(np.where(finite, weights * values, 0.0), axis=0)
    return Design(predicted, log_weights, noise.at(centre), places, allowed)


def _warnings(design: Design, log_weights: Array) -> tuple[Warning, ...]:
    plausible = [i for i, w in enumerate(log_weights) if w >= math.log(_WEIGHING.plausible) or i < 2]
    apart = max(design.separation(i, j) for i in plausible for j in plausible if i < j)
    if apart >= _WEIGHING.told_apart:
        return ()
    return (
        Warning(
            "RIVALS_STAY_ALIKE",
            f"After these experiments the leading formulas would lie {apart:.2g} standard deviations apart, or less.",
        ),
    )


__all__ = ["Experiment", "Proposal", "Rival", "propose_experiments"]
