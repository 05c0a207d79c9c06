"""ansatz doctor"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.machine import check_machine
from ansatz.client.cli.servers.remote import check_server
from ansatz.client.cli.views.checks import checks_view
from ansatz.client.errors import InvalidRequest

# Flags of `ansatz serve` are passed on to the checks of this machine.
CONTEXT: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True}


def doctor(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Option("--server", metavar="HOST:PORT", help="Check this server, and not this machine.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check what a server on this machine needs (engines, store, limits, certificates, addresses), or a server that
    runs, and say what to do. Flags of `ansatz serve` say what the server on this machine would be started with. Exit
    status 1 where a check failed."""
    output = Output(Format.JSON if json_ else Format.TABLE)
    with failures.reported(output):
        if server and context.args:
            raise InvalidRequest.of(
                "command line", f"{context.args[0]} is about this machine; leave it or --server out"
            )
        checks = list(check_server(server)) if server else check_machine(context.args)
        healthy = not any(check.status == "failed" for check in checks)
        output.result({"healthy": healthy, "checks": [asdict(check) for check in checks]}, checks_view(checks))
        if not healthy:
            raise typer.Exit(failures.FAILED)
