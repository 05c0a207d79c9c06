"""ansatz engines …"""

from __future__ import annotations

from typing import Annotated

import typer

from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import require_server_extra, server_address
from ansatz.client.cli.servers.programs import become
from ansatz.client.cli.views.engines import engines_view
from ansatz.client.cli.views.json_output import server_info_object
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.options import Engine

app = typer.Typer(help="The evolutionary engines.", no_args_is_help=True)


@app.command("list")
def list_engines(server: arguments.SERVER = None, format: arguments.FORMAT = Format.TABLE) -> None:
    """Which engines are ready, and what to do about those that are not."""
    output = Output(format)
    with failures.reported(output):
        with server_address(server) as address, Client(address) as client:
            info = client.server_info()
        output.result({"engines": server_info_object(info)["engines"]}, engines_view(info))


@app.command()
def install(name: Annotated[str, typer.Argument(metavar="NAME", help="pysr", show_default=False)]) -> None:
    """Install what an engine needs on this machine, where the network allows."""
    with failures.reported(Output()):
        if name not in tuple(Engine):
            raise InvalidRequest.of("NAME", f"is {name!r:.60}; give one of {', '.join(Engine)}")
        require_server_extra()
        become("ansatz.discovery.search.evolution", [name])
