"""Put first on PYTHONPATH, makes the search of worker processes go wrong on request: the seed says how (`Fault`).

Up to where it goes wrong it is the real search, in a real worker.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from enum import IntEnum
from pathlib import Path
from typing import Any

MIB = 2**20
_kept: list[bytes] = []


class Fault(IntEnum):
    """Seeds of searches that go wrong after they have found something."""

    GROW = 9001
    CHILD_GROWS = 9002
    CRASH = 9003
    CRASH_WITH_DAEMON = 9004
    LEAVE_DAEMON = 9005
    LEAK = 9006
    HANG = 9007
    SHARE_MEMORY = 9008


def go_wrong(fault: Fault) -> None:
    match fault:
        case Fault.GROW:
            _grow()
        case Fault.CHILD_GROWS:
            if not os.fork():
                _grow()
            time.sleep(600)
        case Fault.CRASH:
            ctypes.string_at(0)
        case Fault.CRASH_WITH_DAEMON:
            _daemon()
            time.sleep(2.0)  # long enough to be seen
            ctypes.string_at(0)
        case Fault.LEAVE_DAEMON:
            _daemon()
        case Fault.LEAK:
            _kept.append(b"x" * (250 * MIB))
        case Fault.HANG:
            _daemon()
            # Holds the interpreter's lock: no thread of this process does anything any more.
            ctypes.PyDLL(None).pause()
        case Fault.SHARE_MEMORY:
            shared = b"x" * (150 * MIB)
            children = [os.fork() or _last(2.0) for _ in range(3)]
            for child in children:
                os.waitpid(child, 0)
            del shared


def _grow() -> None:
    """Take memory by and by, up to 2 GiB."""
    for _ in range(200):
        _kept.append(b"x" * (10 * MIB))
        time.sleep(0.01)
    time.sleep(600)


def _daemon() -> None:
    """Start a process that leaves its parent, its session and its group, and tells its number in a file."""
    file = Path(os.environ["FAULTS_FOLDER"], "daemon")
    file.unlink(missing_ok=True)
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        file.write_text(str(os.getpid()))
        _last(600)
    while not file.is_file():
        time.sleep(0.01)


def _last(seconds: float) -> int:
    time.sleep(seconds)
    os._exit(0)


def _install() -> None:
    import ansatz.discovery

    search = ansatz.discovery.report_on

    def report_on(question: Any, *others: Any) -> Any:
        report = search(question, *others)
        if question.options.seed in list(Fault):
            go_wrong(Fault(question.options.seed))
        return report

    vars(ansatz.discovery)["report_on"] = report_on


if "ansatz.service.executor.worker" in sys.orig_argv:
    _install()
