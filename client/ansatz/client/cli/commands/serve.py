"""ansatz serve, ansatz tokens"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import typer

from ansatz.client.cli import failures
from ansatz.client.cli.output import Output
from ansatz.client.cli.running.private_server import require_server_extra

# The server defines its flags, --help among them; here they are passed on.
CONTEXT: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def serve(context: typer.Context) -> None:
    """Run a server; `ansatz serve --help` lists its flags."""
    with failures.reported(Output()):
        require_server_extra()
        become("ansatz.service", context.args)


def tokens(context: typer.Context) -> None:
    """Make tokens for callers of a server; `ansatz tokens --help` lists what it does."""
    with failures.reported(Output()):
        require_server_extra()
        become("ansatz.service.access.tokens", context.args)


def become(module: str, arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by another program of the package, which then gets the signals itself."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])  # noqa: S606 - a fixed program
