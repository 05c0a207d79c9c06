"""The door to the search of tables: in the metric that was asked for, or in each, of which the simplest law is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ansatz.discovery.asked.metric import AUTO, PLAIN
from ansatz.discovery.listening import InPart, Listener
from ansatz.discovery.report.receipt import options_in_force
from ansatz.discovery.report.report import Report
from ansatz.discovery.tables.apart import Rows
from ansatz.discovery.tables.discovery import TableDiscovery
from ansatz.discovery.tables.metrics import Told, metrics_for, simplest
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import TableQuestion, metric_of


def discover_table(question: TableQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Return ranked formulas for the target of a table without groups."""
    if question.options.metric == AUTO:
        return _in_simplest_metric(question, listener, stop_requested)
    return TableDiscovery(question, listener, stop_requested).run()


def _in_simplest_metric(question: TableQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Search in each metric that the target allows; report the one with the shortest description."""
    started = time.monotonic()
    table, options = question.observations, question.options
    names = (PLAIN, *(m.name for m in metrics_for(table.column(table.target).values, frozenset(options.functions))))

    # All metrics are judged on the same rows.
    plain = replace(question, options=replace(options, metric=PLAIN), metric=metric_of(table, PLAIN))
    apart = Rows(prepare(plain)).before_search().apart

    def run(name: str, seconds: float, i: int) -> Told:
        part = replace(
            question,
            options=replace(options, metric=name, budget_seconds=seconds),
            metric=metric_of(table, name),
        )
        return TableDiscovery(part, InPart(listener, i, len(names)), stop_requested, apart).told()

    report = simplest(names, options.budget_seconds, stop_requested, run)
    listener.front(report.candidates)
    receipt = replace(report.receipt, options=options_in_force(options, question.engine))
    return replace(report, receipt=receipt, elapsed_seconds=time.monotonic() - started)
