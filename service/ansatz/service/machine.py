"""The memory that this process may use at most: of the machine, or of the container that it runs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")


def memory_bytes(memberships: Path = Path("/proc/self/cgroup"), cgroups: Path = _CGROUPS) -> int:
    """The machine's memory, or the smallest limit of this process's control groups where that is less."""
    limits = [int(psutil.virtual_memory().total)]
    for file in _limit_files(memberships, cgroups):
        try:
            limits.append(int(file.read_text()))
        except (OSError, ValueError):
            continue  # there is none, or it says "max"
    return min(limits)


def _limit_files(memberships: Path, cgroups: Path) -> Iterator[Path]:
    try:
        lines = memberships.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, name = (cgroups / "memory", "memory.limit_in_bytes") if controllers else (cgroups, "memory.max")
        group = root / path.lstrip("/")
        # Within a container the group may be named as its host sees it; what is mounted then is its own.
        yield from (folder / name for folder in (group, *group.parents) if folder.is_relative_to(root))
