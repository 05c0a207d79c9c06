"""A process with all that it started: how much memory they hold, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

Tree = frozenset[psutil.Process]
_ROUNDS = 20


def tree_of(root: psutil.Process) -> Tree:
    """The process and its descendants that live. A process that left its parent counts where the root adopts orphans
    (`isolation.isolate`)."""
    found: set[psutil.Process] = set()
    new = [root]
    while new:
        process = new.pop()
        with contextlib.suppress(psutil.Error):
            if process not in found and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
                new.extend(_children(process))
    return frozenset(found)


def resident_bytes(tree: Tree, limit: int) -> int:
    """Memory that the processes hold, in bytes. Pages that they share are told apart only where it matters: where they
    would exceed `limit` if each had its own."""
    resident = _sum(lambda process: process.memory_info().rss, tree)
    return _sum(_proportional, tree) if resident > limit and len(tree) > 1 else resident


def kill(root: psutil.Process, known: Tree = frozenset()) -> None:
    """End the process, its descendants, and the processes that are known to have been. The root is halted first: it
    starts nothing more, and adopts whoever loses its parent meanwhile."""
    with contextlib.suppress(psutil.Error):
        root.suspend()
    for _ in range(_ROUNDS):
        others = tree_of(root) - {root}
        _kill(others)
        if not others:
            break
    _kill((*known, root))


def kill_own() -> None:
    """End this process, its descendants and its process group."""
    this = psutil.Process()
    _kill(tree_of(this) - {this})
    os.killpg(0, signal.SIGKILL)


def _children(process: psutil.Process) -> list[psutil.Process]:
    tasks = Path(f"/proc/{process.pid}/task")
    try:
        # Much less work than looking at every process of the machine, as psutil does.
        pids = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    except OSError:
        return process.children()
    children = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            children.append(psutil.Process(int(pid)))
    return children


def _proportional(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", memory.uss))


def _sum(measure: Callable[[psutil.Process], int], tree: Tree) -> int:
    total = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            total += measure(process)
    return total


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
