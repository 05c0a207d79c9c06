"""ansatz doctor"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.machine import check_machine
from ansatz.client.cli.servers.remote import check_server
from ansatz.client.cli.views.checks import checks_view
from ansatz.client.errors import InvalidRequest

# Flags of `ansatz serve` are passed on to the checks of this machine.
CONTEXT: Final[dict[str, Any]] = {"allow_extra_args": True, "ignore_unknown_options": True}
EXAMPLES: Final = examples(
    "ansatz doctor --data-dir jobs --listen 0.0.0.0:50051",
    "ansatz doctor --server 127.0.0.1:50051",
)


def doctor(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Option("--server", metavar="HOST:PORT", help="Check this server, and not this machine.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check this machine, or a server, and say what to do.

    Of this machine: packages, engines, store, limits, certificates and addresses, for a server started with the flags
    of `ansatz serve` that are given here. Of a server: whether it can be reached, answers, and is of this version.
    Exit status 1 where a check failed.
    """
    with failures.reported(Output(Format.JSON if json_ else Format.TABLE)) as written:
        if server and context.args:
            raise InvalidRequest.of(
                "command line", f"{context.args[0]} is about this machine; leave it or --server out"
            )
        checks = list(check_server(server)) if server else check_machine(context.args)
        healthy = not any(check.status == "failed" for check in checks)
        written.result({"healthy": healthy, "checks": [asdict(check) for check in checks]}, checks_view(checks))
        if not healthy:
            raise typer.Exit(failures.FAILED)
