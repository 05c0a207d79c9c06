"""Checks of this machine; the server's own package makes them, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from ansatz import distribution
from ansatz.client.cli.servers.check import Check
from ansatz.client.cli.servers.private_server import missing_server_extra

_SECONDS: Final = 300.0


def check_machine(flags: Sequence[str]) -> list[Check]:
    """Return what a server on this machine would meet, started with these flags of `ansatz serve`."""
    if missing := missing_server_extra():
        remedy = f"install the extra: {distribution.install('server')}; or check a server elsewhere with --server"
        return [Check("packages", "failed", f"a server needs {', '.join(missing)}", remedy)]
    command = [sys.executable, "-P", "-m", "ansatz.service.doctor", *flags]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [Check("checks", "failed", "did not end in time", "look for what keeps this machine or the store busy")]
    if run.returncode:
        return [Check("checks", "failed", "ended with the error above", "mend it, or report it with that text")]
    return [Check(**found) for found in json.loads(run.stdout)]
