"""Which metric makes a law simplest: by description length, told in the target's own values."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.asked.metric import TRIED, Metric, change_of_variables_bits, usable
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, call
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import BASELINE
from ansatz.discovery.report.report import Report
from ansatz.discovery.search.archive import SCREEN_ROWS, Archive
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.power_law import PowerLaw


@dataclass(frozen=True)
class _Metrics:
    """Say when another metric is told or taken. Chosen by judgement.

    Attributes:
        least_gain: bits by which another metric must be shorter: odds of 8 to 1.
        far_bits: bits by which a metric that was not asked for must be shorter to be told.
        probe_seconds: for the simple laws of such a metric.
        least_seconds: for a search in one metric; with less it is not begun.
    """

    least_gain: float = 3.0
    far_bits: float = 10.0
    probe_seconds: float = 1.0
    least_seconds: float = 0.05


_METRICS: Final = _Metrics()


Run = Callable[[str, float, int], "Told"]
"""A whole search in the metric of that name, in so many seconds, the i-th of all."""


@dataclass(frozen=True, eq=False)
class Told:
    """A report and its best formula's description length, in bits that compare across metrics."""

    report: Report
    bits: float
    exact: bool


def metrics_for(y: Array, functions: frozenset[str]) -> tuple[Metric, ...]:
    """Return the metrics worth trying beside the plain target."""
    return tuple(m for m in TRIED if usable(m, y, functions))


def weight_bits(problem: Problem) -> float:
    """Return bits to add to a description length for row weights: rows that weigh less are told less exactly."""
    return 0.0 if problem.weights is None else float(-0.5 * np.sum(np.log2(problem.weights)))


def simplest(names: tuple[str, ...], seconds: float, stop_requested: Callable[[], bool], run: Run) -> Report:
    """Return the report in the metric whose best formula has the shortest description; the plain target unless one
    gains."""
    deadline = time.monotonic() + seconds
    best: Told | None = None
    for i, name in enumerate(names):
        share = (deadline - time.monotonic()) / (len(names) - i)
        if best is not None and (best.exact or share < _METRICS.least_seconds or stop_requested()):
            break
        told = run(name, max(share, _METRICS.least_seconds), i)
        if best is None or told.bits < best.bits - _METRICS.least_gain:
            best = told
    assert best is not None
    return best.report


def simpler_elsewhere(problem: Problem, bits: float) -> Iterator[str]:
    """Yield names of metrics in which a line, a line in logarithms or a power law has a description shorter than `bits`
    by far."""
    small = problem.subsample(SCREEN_ROWS)
    for metric in metrics_for(problem.y, problem.functions):
        z = replace(small, y=metric.forward(small.y), weights=None, dimensions=None)
        if np.ptp(z.y) == 0 or not z.names:
            continue
        told = _simple_laws(z) + change_of_variables_bits(metric, small.y, small.y_scale, z.y_scale)
        # Bits of a sample are those of as many rows.
        if told * problem.rows / small.rows < bits - _METRICS.far_bits:
            yield metric.name


def _simple_laws(problem: Problem) -> float:
    """Return the shortest description that the cheapest searchers find, in bits."""
    archive = Archive(problem)

    def emit(formula: Node) -> None:
        archive.propose(formula, BASELINE)

    emit(Number(float(np.mean(problem.y))))
    emit(_line_in_logarithms(problem))
    budget = Budget(_METRICS.probe_seconds)
    for searcher in (Baseline(), PowerLaw()):
        searcher.search(problem, budget, emit)
    return archive.entries[0].description_length


def _line_in_logarithms(problem: Problem) -> Node:
    """Return the least-squares line in the inputs, those that are positive in logarithms where these are allowed."""
    inputs: list[Node] = [
        call("log", Variable(n)) if n in problem.positive and "log" in problem.functions else Variable(n)
        for n in problem.names
    ]
    design = np.column_stack([np.ones(problem.rows), *map(problem.evaluate, inputs)])
    coefficients = np.linalg.lstsq(design, problem.y, rcond=1e-12)[0]
    return build.linear([*coefficients[1:], coefficients[0]], [*inputs, build.ONE])
