"""ansatz serve, ansatz tokens"""

from __future__ import annotations

from typing import Any, Final

import typer

from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Output
from ansatz.client.cli.servers.private_server import require_server_extra
from ansatz.client.cli.servers.programs import become

# The server defines its flags, --help among them; here they are passed on.
CONTEXT: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def serve(context: typer.Context) -> None:
    """Run a server, until it is told to stop."""
    with failures.reported(Output()):
        require_server_extra()
        become("ansatz.service", context.args)


def tokens(context: typer.Context) -> None:
    """Make tokens for callers of a server, and list them."""
    with failures.reported(Output()):
        require_server_extra()
        become("ansatz.service.access.tokens", context.args)
