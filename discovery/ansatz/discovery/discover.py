"""The door: observations in, a report out, whatever the kind of observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ansatz.discovery.asked import kinds
from ansatz.discovery.asked.options import Options
from ansatz.discovery.curves.discovery import discover_curves
from ansatz.discovery.curves.question import CurveQuestion
from ansatz.discovery.curves.question import read_question as read_curve_question
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.data.digest import Observations
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.groups.discovery import discover_groups
from ansatz.discovery.listening import Listener, Silent
from ansatz.discovery.report.report import Report
from ansatz.discovery.search import evolution
from ansatz.discovery.tables.discover_table import discover_table
from ansatz.discovery.tables.evaluate import Evaluation, evaluate_formula
from ansatz.discovery.tables.question import TableQuestion
from ansatz.discovery.tables.question import read_question as read_table_question
from ansatz.discovery.trajectories.discovery import discover_motion
from ansatz.discovery.trajectories.hidden import HiddenMotion
from ansatz.discovery.trajectories.question import MotionQuestion
from ansatz.discovery.trajectories.question import read_question as read_motion_question

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Question = TableQuestion | CurveQuestion | MotionQuestion
"""What was asked, read and checked."""


def validate(observations: Observations, options: Options) -> Question:
    """Return the question that `observations` and `options` make together: formulas parsed, engine chosen.

    Takes milliseconds; imports neither scipy nor sympy nor an engine. Raises InvalidInputError, or EngineNotReadyError
    where the engine asked for cannot run here.
    """
    kinds.check(observations, options)
    if isinstance(observations, Trajectories):
        return read_motion_question(observations, options)
    if isinstance(observations, Curves):
        return read_curve_question(observations, options)
    question = read_table_question(observations, options)
    return replace(question, engine=evolution.resolve(options.engine))


def discover(
    observations: Observations,
    options: Options,
    listener: Listener | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Report:
    """Return ranked formulas for a table or curves, or ranked systems of differential equations for trajectories.

    Runs on the calling thread and keeps `options.budget_seconds` of wall clock; once `stop_requested()` is true it
    returns what was found until then within a fraction of a second. Raises as `validate` does.
    """
    return report_on(validate(observations, options), listener, stop_requested)


def report_on(
    question: Question, listener: Listener | None = None, stop_requested: Callable[[], bool] = lambda: False
) -> Report:
    """Return the report on a question that `validate` has read, as `discover` does."""
    # The matrices are small: threads of the linear algebra would cost far more than they bring. And formulas are tried
    # where they overflow; whoever tries them looks at what is finite.
    with _thread_pools().limit(limits=1), np.errstate(all="ignore"):
        if isinstance(question, MotionQuestion):
            if question.observations.unobserved:
                return HiddenMotion(question, listener or Silent(), stop_requested).run()
            return discover_motion(question, listener or Silent(), stop_requested)
        if isinstance(question, CurveQuestion):
            return discover_curves(question, listener or Silent(), stop_requested)
        find = discover_groups if question.observations.group else discover_table
        return find(question, listener or Silent(), stop_requested)


@cache
def _thread_pools() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401 - brings its own linear algebra, which the controller must see
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


__all__ = ["Evaluation", "Listener", "Question", "discover", "evaluate_formula", "report_on", "validate"]
