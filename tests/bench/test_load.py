"""The load test, with few of everything: nothing fails, nobody misses an event, those who do not read cost little."""

from __future__ import annotations

import pytest

from bench.load import beside_stalled, many_evaluations, under_watchers

pytestmark = pytest.mark.slow


def test_watchers_hear_everything_while_workers_search_and_others_call() -> None:
    load = under_watchers(watchers=100, queued=10, seconds=5)
    assert load.calls.failed == load.watched.failed == load.watched.broken == 0
    assert load.watched.ended == 100
    assert {"CreateJob", "GetJob", "ListJobs", "GetServerInfo", "CancelJob"} == set(load.calls.seconds)


def test_watchers_that_never_read_cost_little_and_stop_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    stalled = beside_stalled(watchers=40, seconds=5)
    assert stalled.calls.failed == 0
    assert stalled.calls.seconds["GetJob"]
    before, after = stalled.memory
    assert after - before < 40 * 1.0
    assert not capfd.readouterr().err  # nor does the log fill when they go away


def test_many_evaluations_leave_nothing_behind() -> None:
    evaluations = many_evaluations(400)
    assert evaluations.failed == 0
    for before, after in (evaluations.server_memory, evaluations.evaluator_memory):
        assert after - before < 20
