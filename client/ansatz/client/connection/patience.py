"""How long to wait: for a job, and through an outage of the server."""

from __future__ import annotations

import time
from typing import Final

from ansatz.client.connection.connection import WAIT_SECONDS
from ansatz.client.errors import AnsatzError, DeadlineExceeded, InvalidRequest, Unavailable
from ansatz.client.results.job import Job

_OUTAGE_SECONDS: Final = 60.0
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0


class Outage:
    """Gives an unreachable server a minute to come back, with growing pauses between the attempts."""

    def __init__(self) -> None:
        self.over()

    def over(self) -> None:
        """Take note that the server answered."""
        self._began: float | None = None
        self._pause = _FIRST_PAUSE_SECONDS

    def pause(self, error: AnsatzError) -> float:
        """Return the seconds to wait before the next attempt. Raises `error` where another attempt makes no sense."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if not isinstance(error, Unavailable) or now - self._began > _OUTAGE_SECONDS:
            raise error
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        return pause


class Deadline:
    """A time limit in seconds; None: none."""

    def __init__(self, timeout: float | None) -> None:
        if timeout is not None and not timeout >= 0:
            raise InvalidRequest.of("timeout", f"is {timeout}; give seconds ≥ 0, or None to wait without limit")
        self._timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def next_wait(self) -> float:
        """Return the seconds that the next call may wait."""
        return WAIT_SECONDS if self._end is None else min(WAIT_SECONDS, max(0.0, self._end - time.monotonic()))

    def check(self, job: Job) -> None:
        """Raise DeadlineExceeded once the time is over."""
        if self._end is not None and time.monotonic() >= self._end:
            raise DeadlineExceeded(
                f"job {job.id} is still {job.state} after {self._timeout:g} s; it goes on", reason="DEADLINE_EXCEEDED"
            )
