"""A worker process by itself, as a server sees it: a socket, and a process at its other end."""

from __future__ import annotations

import asyncio
import errno
import select
import socket
import subprocess
import sys
from typing import Any

import pytest

from ansatz.service.executor.worker_pool import WorkerPool


def test_a_worker_ends_with_its_server_also_when_what_it_said_was_never_read() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-P", "-m", "ansatz.service.executor.worker", "evaluate", str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True) as worker:
        theirs.close()
        warm, _, _ = select.select([ours], [], [], 120)
        assert warm
        # Closing a socket with bytes unread resets it: the other end sees an error, not an end.
        ours.close()
        assert worker.wait(timeout=60) != 0


def test_a_process_that_cannot_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    start, refusals = asyncio.create_subprocess_exec, [OSError(errno.EAGAIN, "no process is to be had")]

    async def scarce(*command: Any, **options: Any) -> asyncio.subprocess.Process:
        if refusals:
            raise refusals.pop()
        return await start(*command, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", scarce)

    async def taken() -> bool:
        pool = WorkerPool("evaluate", 1, 2**31)
        pool.start()
        worker = await asyncio.wait_for(pool.take(), 120)
        alive = worker.alive
        await pool.close()
        return alive

    assert asyncio.run(taken())
    assert not refusals
