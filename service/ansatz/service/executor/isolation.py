"""What a worker process asks of the kernel, so that it harms nobody else when it goes wrong. Linux; elsewhere less."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
_FIRST_TO_GO = "800"


def isolate() -> None:
    """Leave no core files, which would hold callers' data. On Linux also: adopt descendants that lose their parent, so
    that the server finds and ends them; and be what the kernel ends first where the machine's memory runs out, before
    the server."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
