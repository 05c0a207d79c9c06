"""The searcher's side of PySR's process: started, asked, interrupted, killed and outlived."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import Any, Final

from ansatz.discovery.expression import Array
from ansatz.discovery.search.evolution.frames import read_frame, write_frame

_MODULE: Final = "ansatz.discovery.search.evolution.pysr_process"


@dataclass(frozen=True)
class _Messages:
    """Bound messages, which are for people. Chosen by judgement.

    Attributes:
        tail: bytes at the end of what the process printed that are told.
    """

    tail: int = 400


_MESSAGES: Final = _Messages()


class ChildEnded(RuntimeError):
    """Tell that PySR's process ended; the message says how, with the end of what it printed."""


class PySRChild:
    """Run one process with PySR in it, in a session of its own: signals for this process do not reach it."""

    def __init__(self) -> None:
        # What is missing is installed by its own command only, never by a search.
        environment = {"PYTHON_JULIAPKG_OFFLINE": "yes", **os.environ}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - kept as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env=environment, start_new_session=True,
        )  # fmt: skip
        self._replies: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.version: tuple[int, int] | None = None
        threading.Thread(target=self._read, name="pysr-replies", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                self._replies.put(read_frame(self._process.stdout)[0])
        self._replies.put(None)

    def request(self, header: dict[str, Any], *arrays: Array) -> None:
        """Ask for a fit. Raises ChildEnded."""
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin, header, *arrays)
        except OSError:
            raise self._ended() from None

    def reply(self, seconds: float) -> dict[str, Any] | None:
        """Return the next reply, or None after that long. Raises ChildEnded."""
        try:
            header = self._replies.get(timeout=seconds)
        except queue.Empty:
            return None
        if header is None:
            raise self._ended()
        if header["kind"] == "ready":
            self.version = (header["version"][0], header["version"][1])
        return header

    def interrupt(self) -> None:
        """Ask the search under way to end gracefully (PySR from 2.7 on does, the older ones may die of it)."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ended(self) -> ChildEnded:
        self.kill()
        code = self._process.returncode
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _MESSAGES.tail))
        printed = self._log.read().decode(errors="replace").strip()
        return ChildEnded(f"PySR's process ended {how}" + (f": …{printed}" if printed else ""))
