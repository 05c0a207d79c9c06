"""What was asked of a table: read and checked once, before any work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansatz.discovery.asked.ansatz import Ansatz, parse_ansatz
from ansatz.discovery.asked.metric import Metric, domain_violations, named
from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.data.table import Table
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node


@dataclass(frozen=True, eq=False)
class TableQuestion:
    """A table with options, and what the options say of its columns.

    Attributes:
        observations: the table.
        options: as the caller gave them.
        ansatz: the caller's own formula, None where there is none.
        start: formulas of the target to try first.
        metric: the space in which the law is sought, None for the target itself.
        engine: the engine that searches beside the searchers.
    """

    observations: Table
    options: Options
    ansatz: Ansatz | None = None
    start: tuple[Node, ...] = ()
    metric: Metric | None = None
    engine: Engine = Engine.NONE


def read_question(table: Table, options: Options) -> TableQuestion:
    """Return the question; its engine is NONE. Raises InvalidInputError with what is wrong with it."""
    if violations := list(_noise_violations(table, options)):
        raise InvalidInputError(violations)
    ansatz = parse_ansatz(table, options)
    start = table.names.parse_all(options.start_formulas, "options.start_formulas")
    return TableQuestion(table, options, ansatz, start, metric_of(table, options.metric))


def _noise_violations(table: Table, options: Options) -> Iterator[Violation]:
    """Yield options that say themselves how errors count, where the table says it."""
    said = f"noise is {table.noise}" if table.noise is not TargetNoise.GAUSSIAN else "input_errors are given"
    if table.noise is TargetNoise.GAUSSIAN and not table.input_errors:
        return
    if options.metric:
        text = f"is {options.metric!r}, and table.{said}: errors are those of the target itself; leave one of them out"
        yield Violation("options.metric", text)
    if options.loss is not Loss.SQUARED:
        yield Violation("options.loss", f"is {options.loss}, and table.{said}; leave it out")


def metric_of(table: Table, name: str) -> Metric | None:
    """Return the metric of that name. Raises InvalidInputError where a value of the target is outside its domain."""
    metric = named(name)
    if outside := list(domain_violations(metric, table.target, table.column(table.target).values)):
        raise InvalidInputError(outside)
    return metric
