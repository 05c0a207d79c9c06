"""From what is asked to a job: the file is read as what its rows are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from ansatz.client.cli.arguments.texts import comma_separated
from ansatz.client.cli.commands.curve_columns import curve_columns
from ansatz.client.cli.commands.discover import refusals
from ansatz.client.cli.commands.discover.asked import Asked, Kind
from ansatz.client.cli.files.motion import MotionFile
from ansatz.client.cli.files.table import ErrorColumns, TableFile
from ansatz.client.client import Client
from ansatz.client.encode.options import search_options
from ansatz.client.job_handle import JobHandle

Submission = Callable[[Client], JobHandle]


def submission(asked: Asked) -> Submission:
    """Return what starts the job on a server. Raises InvalidRequest where options or data cannot be used."""
    refusals.check(asked)
    options = asked.search.keywords() | asked.ansatz.keywords() | asked.tables.keywords()
    if asked.rows_are is not Kind.CURVE:  # whose runs have constants of their own, or not
        options["per_group"] = comma_separated(asked.ansatz.per_group) or None
    search_options(**options)  # what is plainly wrong is refused before the file is read
    return _SUBMISSIONS[asked.rows_are](asked, options)


def _of_table(asked: Asked, options: dict[str, Any]) -> Submission:
    inputs, tables = comma_separated(asked.inputs), asked.tables
    errors = ErrorColumns(asked.std_errors, tables.input_errors or (), tables.noise, asked.trials)
    file = TableFile(asked.data, asked.target or "", inputs, tables.weights, tables.units, asked.group, errors)
    return partial(Client.submit, **file.arguments(), **options)


def _of_curves(asked: Asked, options: dict[str, Any]) -> Submission:
    columns = curve_columns(
        asked.data, asked.target or "", asked.inputs, asked.group, asked.curves, std_errors=asked.std_errors,
        trials=asked.trials,
    )  # fmt: skip
    return partial(Client.submit_curves, **columns, per_run=asked.ansatz.per_group is not None, **options)


def _of_motion(asked: Asked, options: dict[str, Any]) -> Submission:
    motion = asked.motion
    file = MotionFile(
        asked.data,
        motion.time or "",
        comma_separated(motion.states),
        inputs=comma_separated(asked.inputs),
        derivatives=comma_separated(motion.derivatives),
        std_errors=comma_separated(asked.std_errors),
        group=asked.group,
        holdout=motion.holdout,
    )
    order = 1 if motion.order is None else motion.order
    return partial(Client.submit_motion, **file.arguments(), order=order, stochastic=motion.stochastic, **options)


_SUBMISSIONS: Final[dict[Kind, Callable[[Asked, dict[str, Any]], Submission]]] = {
    Kind.TABLE: _of_table,
    Kind.CURVE: _of_curves,
    Kind.TRAJECTORY: _of_motion,
}
