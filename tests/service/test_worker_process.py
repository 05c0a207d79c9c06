"""A worker process by itself, as a server sees it: a socket, and a process at its other end."""

from __future__ import annotations

import select
import socket
import subprocess
import sys


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
