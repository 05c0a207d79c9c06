"""Budgets counted in seconds of this process's CPU time, so that figures from a busy machine mean something."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from unittest import mock


@contextlib.contextmanager
def cpu_seconds(counted: bool) -> Iterator[None]:
    """Count in CPU seconds whatever the library counts by the clock, where that is asked for.

    The time of all threads counts. What other processes do (an engine on Julia) does not: for searches by the built-in
    searchers alone.
    """
    if not counted:
        yield
        return
    with mock.patch("time.monotonic", time.process_time):
        yield
