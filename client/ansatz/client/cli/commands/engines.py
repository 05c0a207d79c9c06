"""ansatz engines …"""

from __future__ import annotations

from typing import Annotated

import typer

from ansatz.client.cli.arguments import options
from ansatz.client.cli.arguments.help import Command
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import require_server_extra, server_address
from ansatz.client.cli.servers.programs import become
from ansatz.client.cli.views.engines import engines_view
from ansatz.client.cli.views.json_output import server_info_object
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.options import Engine

app = typer.Typer(help="List and install the evolutionary engines.", no_args_is_help=True)


@app.command("list", cls=Command)
def list_engines(server: options.SERVER = None, format: options.FORMAT = Format.TABLE) -> None:
    """List which engines are ready, and what to do about those that are not."""
    with failures.reported(Output(format)) as written:
        with server_address(server) as address, Client(address) as client:
            info = client.server_info()
        written.result({"engines": server_info_object(info)["engines"]}, engines_view(info))


@app.command(cls=Command)
def install(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The engine, such as pysr.", show_default=False)],
) -> None:
    """Install what an engine needs on this machine, where the network allows."""
    with failures.reported(Output()):
        if name not in tuple(Engine):
            raise InvalidRequest.of("NAME", f"is {name!r:.60}; give one of {', '.join(Engine)}")
        require_server_extra()
        become("ansatz.discovery.search.evolution", [name])
