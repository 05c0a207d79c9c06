"""Has the machine what the settings ask of it: open files, memory, cores, free addresses?"""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ansatz.service.doctor.check import Check, failed, ok, warning
from ansatz.service.settings import MIB, Settings, listen_host

# Measured: warm processes of 100 MiB, and room for what a search over 200,000 rows of 10 columns adds to them.
SERVER_MIB: Final = 200
WORKER_MIB: Final = 200
_FILES_OF_SERVER: Final = 128
_FILES_OF_WORKER: Final = 4
_CGROUP: Final = Path("/sys/fs/cgroup")


def checks(settings: Settings) -> Iterator[Check]:
    yield _open_files(settings)
    yield _memory(settings)
    yield _cores(settings)
    yield _address("address", "--listen", settings.listen)
    if settings.metrics is not None:
        yield _address("metrics address", "--metrics", settings.metrics)


def _open_files(settings: Settings) -> Check:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    least = _FILES_OF_SERVER + _FILES_OF_WORKER * (settings.workers + 1)
    enough = least + settings.max_watchers
    if limit == resource.RLIM_INFINITY or limit >= enough:
        return ok("open files", "no limit" if limit == resource.RLIM_INFINITY else f"at most {limit}")
    remedy = f"raise it: ulimit -n {enough} (LimitNOFILE= of systemd, --ulimit nofile= of docker)"
    if limit < least:
        return failed("open files", f"at most {limit}; the server itself needs {least}", remedy)
    found = f"at most {limit}; {settings.max_watchers} callers, each with a connection of their own, need {enough}"
    return warning("open files", found, remedy)


def _memory(settings: Settings) -> Check:
    available = _available_memory()
    if available is None:
        return warning("memory", "this system does not tell", f"see that there are {WORKER_MIB} MiB for each worker")
    needed = SERVER_MIB + WORKER_MIB * (settings.workers + 1)
    found = f"{available // MIB} MiB available; {settings.workers} workers need about {needed} MiB"
    if available < needed * MIB:
        return failed("memory", found, "give fewer --workers, or more memory")
    return ok("memory", found)


def _available_memory() -> int | None:
    """Bytes that this process and its children can still get; None where the system does not tell."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit, used = ((_CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return available if limit == "max" else min(available, int(limit) - int(used))
    except (OSError, ValueError):
        return available


def _cores(settings: Settings) -> Check:
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        cores = cores if quota == "max" else min(cores, int(quota) / int(period))
    except (OSError, ValueError):
        pass  # no limit that could be read: all cores
    found = f"{cores:g} for {settings.workers} workers"
    if settings.workers > cores:
        remedy = f"give --workers {max(1, int(cores))}: searches that share a core find less in their budget"
        return warning("cores", found, remedy)
    return ok("cores", found)


def _address(name: str, flag: str, address: str) -> Check:
    """Can it be listened on?"""
    if address.startswith("unix:"):
        return _unix_socket(name, flag, Path(address.removeprefix("unix:")))
    host, port = listen_host(address) or "", int(address.rpartition(":")[2])
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen()
    except OSError as error:
        remedy = f"stop what uses it, or give another {flag} (port 0: any free one)"
        return failed(name, f"{address} cannot be had: {error.strerror}", remedy)
    return ok(name, f"{address} is free")


def _unix_socket(name: str, flag: str, path: Path) -> Check:
    folder = path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return failed(name, f"{folder} is no folder to write in", f"make it, or give another {flag}")
    return ok(name, f"unix:{path} can be made")
