"""Closure: whatever a job emits, everything accepts, and reads as the job meant it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery import (
    Box,
    Candidate,
    ChosenLaw,
    Column,
    Curves,
    Engine,
    Observations,
    Options,
    Progress,
    Questions,
    Report,
    Table,
    Trajectories,
    answer,
    compare_formulas,
    discover,
    evaluate_formula,
    propose_experiments,
    validate,
)
from ansatz.discovery.expression import Node, complexity, parse, to_text, variables
from ansatz.discovery.expression.grammar import MAX_LENGTH, MAX_NODES
from ansatz.discovery.pictures.curve_picture import picture
from ansatz.discovery.pictures.curve_plots import plot_curves
from ansatz.discovery.pictures.plots import FrontPoint, ImageFormat, plot_motion, plot_table
from tests.discovery.trajectories.motions import motion

pytestmark = pytest.mark.slow
ROWS = 36
RNG = np.random.default_rng(7)
X, Z, NOISE = RNG.uniform(0.5, 4, ROWS), RNG.uniform(1, 3, ROWS), 1 + 0.02 * RNG.standard_normal(ROWS)
LABELS = Column.of_labels("g", ["a", "b", "c"] * (ROWS // 3))
SIZES = np.tile([1.0, 2.0, 5.0], ROWS // 3)


def columns(**values: np.ndarray) -> tuple[Column, ...]:
    return tuple(Column(name, value) for name, value in values.items())


def table(y: np.ndarray) -> Table:
    return Table(columns(x=X, z=Z, y=y), "y")


def grouped(y: np.ndarray) -> Table:
    return Table((*columns(x=X, y=y), LABELS), "y", inputs=("x",), group="g")


def curves(y: np.ndarray) -> Curves:
    return Curves(columns(step=X, y=y), "y")


def by_run(y: np.ndarray) -> Curves:
    return replace(curves(y), runs=LABELS.labels, per_run=True)


def long_names() -> Table:
    names = [f"{'long_' * 49}{i:02d}" for i in range(16)]
    made = {name: RNG.uniform(1, 2, ROWS) for name in names}
    return Table(columns(**made, y=np.sum(list(made.values()), axis=0)), "y")


def bouncing() -> Trajectories:
    """A spring that is stiffer on one side: its law calls sign or max."""
    rates = lambda t, v: [v[1], -v[0] * (3.0 if v[0] > 0 else 1.0)]  # noqa: E731
    return motion(rates, [[0.8, 0.0], [-0.5, 0.4]], np.linspace(0, 6, 90), ["p"], 0.001, order=2)


def decay() -> Trajectories:
    return motion(lambda t, v: [0.5 - 1.3 * v[0]], [[0.3], [1.9]], np.linspace(0, 2, 40), ["p"], 0.002)


def walk() -> Trajectories:
    steps = np.zeros(200)
    for i in range(1, 200):
        steps[i] = 0.9 * steps[i - 1] + 0.1 * RNG.standard_normal()
    return Trajectories(columns(t=np.arange(200.0), p=steps), "t", ("p",), stochastic=True)


JOBS: dict[str, tuple[Callable[[], Observations], dict[str, object]]] = {
    "table": (lambda: table(3 * X**2 / Z * NOISE), {}),
    "table with an ansatz": (lambda: table((5 * np.exp(-0.7 * X) + Z) * NOISE), {"ansatz": "a*exp(-b*x) + c*z - 1"}),
    "table in a metric": (lambda: table(np.exp(X - 2 * Z) * NOISE), {"metric": "log"}),
    "table with an unknown part": (lambda: table(X**2 * Z * NOISE), {"ansatz": "f(x)*z"}),
    "steep": (lambda: table(1e-6 * X**60 * NOISE), {}),
    "extreme": (lambda: table(1e-160 * (X**2 + Z) * NOISE), {}),
    "noise": (lambda: table(RNG.standard_normal(ROWS)), {}),
    "long names": (long_names, {}),
    "groups": (lambda: grouped((SIZES * np.exp(-0.5 * X) + 2) * NOISE), {}),
    "groups with an ansatz": (
        lambda: grouped((SIZES * np.exp(-0.5 * X) + 2) * NOISE), {"ansatz": "k*exp(-b*x) + c", "per_group": ("k", "b")},
    ),
    "curves": (lambda: curves((1.5 + 3 * X**-0.6) * NOISE), {}),
    "curves that rise": (lambda: curves(1e-3 * X**6.8 * NOISE), {}),
    "curves of either sign": (lambda: curves((X - 2) * NOISE), {}),
    "constant curves": (lambda: curves(5 * NOISE), {}),
    "curves with an ansatz": (lambda: curves((1.5 + 3 * X**-0.6) * NOISE), {"ansatz": "a + b*exp(-c*step)"}),
    "curves by run": (lambda: by_run(SIZES * X**-0.6 * NOISE), {}),
    "motion": (decay, {}),
    "motion with a threshold": (bouncing, {}),
    "stochastic motion": (walk, {}),
}  # fmt: skip


class Heard:
    """Keeps the fronts of a job."""

    def __init__(self) -> None:
        self.fronts: list[tuple[Candidate, ...]] = []

    def progress(self, progress: Progress) -> None:
        pass

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        self.fronts.append(candidates)


def texts(candidate: Candidate) -> dict[str, Node]:
    return dict(candidate.equations) or {"": candidate.formula}


def reads_as_it_is(candidate: Candidate) -> None:
    """A text is read as the tree it is of, whatever its names, and is of its size."""
    for formula in (*texts(candidate).values(), *candidate.parts.values()):
        text = to_text(formula)
        assert parse(text, variables(formula)) == formula, text
        assert len(text) <= MAX_LENGTH
        assert complexity(formula) <= MAX_NODES
    assert candidate.complexity == sum(map(complexity, texts(candidate).values()))


def can_be_given(observations: Observations, candidates: tuple[Candidate, ...]) -> None:
    """As an ansatz, as formulas to try first, and compared with itself."""
    if isinstance(observations, Curves):
        observations = replace(observations, per_run=False)  # for which, as for noise that drives, no ansatz is
    elif isinstance(observations, Trajectories):
        observations = replace(observations, stochastic=False)
    started: list[str] = []
    for candidate in candidates:
        formulas = {state: to_text(formula) for state, formula in texts(candidate).items()}
        if candidate.law is not None and candidate.law.implicit:
            continue
        ansatz = "\n".join(f"{state}: {text}" if state else text for state, text in formulas.items())
        started.append(ansatz)
        validate(observations, Options(engine=Engine.NONE, ansatz=ansatz, max_complexity=MAX_NODES // 5))
        for text in formulas.values() if candidate.rank <= 3 else ():  # each costs as much as a fit
            assert compare_formulas(text, text).verdict
    most = Options(engine=Engine.NONE, start_formulas=tuple(started), max_complexity=MAX_NODES // 5)
    if isinstance(observations, Trajectories):
        return
    validate(observations, most)


def table_takes(made: Table, candidates: tuple[Candidate, ...]) -> None:
    plain = tuple(c for c in made.columns if not c.labels)
    alone = replace(made, group="", columns=plain)
    for candidate in candidates:
        told = evaluate_formula(alone, candidate.text, refit=False).candidate
        assert told.complexity == candidate.complexity, candidate.text
        if not made.group:
            assert told.scores.rmse == pytest.approx(candidate.scores.rmse, rel=1e-9, abs=1e-300)
        if candidate.rank <= 3:
            evaluate_formula(alone, candidate.text, refit=True)
    if len(candidates) > 1:
        read = [replace(c, formula=parse(c.text, made.names.identifiers.values())) for c in candidates]
        assert propose_experiments(made, read, Box({}), 2).experiments
    front = [FrontPoint(c.complexity, c.scores.relative_error, c.rank == 1, c.on_pareto_front) for c in candidates]
    assert plot_table(made, candidates[0].formula, front, ImageFormat.SVG, candidates[0].constants)


def curves_take(made: Curves, report: Report) -> None:
    for candidate in report.candidates[:2]:
        assert candidate.law is not None
        law = ChosenLaw(candidate.law.name, candidate.law.columns, candidate.text)
        if candidate.rank == 1:
            assert plot_curves(picture(made, law, False, Options()), ImageFormat.SVG)
        elif not made.per_run:
            assert answer(made, law, Questions(({"step": 9.0},))).predictions


@pytest.mark.parametrize("name", JOBS)
def test_what_a_job_emits_everything_accepts(name: str) -> None:
    make, options = JOBS[name]
    observations, heard = make(), Heard()
    report = discover(observations, Options(engine=Engine.NONE, budget_seconds=0.7, **options), heard)  # type: ignore[arg-type]
    assert report.candidates
    assert heard.fronts
    for front in (*heard.fronts, report.candidates):
        assert [c.rank for c in front] == list(range(1, len(front) + 1))
        for candidate in front:
            reads_as_it_is(candidate)
    can_be_given(observations, report.candidates)
    if isinstance(observations, Table):
        table_takes(observations, report.candidates)
    elif isinstance(observations, Curves):
        curves_take(observations, report)
    else:
        equations = [texts(report.candidates[0])[state] for state in observations.states]
        assert plot_motion(observations, equations, ImageFormat.SVG)
