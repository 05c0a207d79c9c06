"""ansatz compare"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ansatz.client.cli.arguments import boxes
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.comparison import comparison_object, comparison_view
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest

# A formula may begin with a minus sign.
CONTEXT: Final[dict[str, Any]] = {"ignore_unknown_options": True}


def compare(  # noqa: PLR0917 - typer calls it by keyword
    a: Annotated[str, typer.Argument(metavar="A", help="A formula.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.", show_default=False)],
    box: arguments.BOX = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="A table whose columns' ranges are the box.", show_default=False),
    ] = None,
    inputs: arguments.INPUTS = None,
    free_constants: Annotated[
        bool,
        typer.Option(
            "--free-constants",
            help="Numbers that are neither integers nor exponents may differ; so may names outside the box.",
        ),
    ] = False,
    server: arguments.SERVER = None,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Whether two formulas are the same function on a box of inputs, how that is shown, and where they differ most.

    Exit status: 0 whatever the answer, 1 failed, 2 bad input.
    """
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        if box and data:
            raise InvalidRequest.of("--box", "is given beside --data; give one of them")
        limits = boxes.box_of_data(data, inputs) if data else boxes.parse_box(box) if box else None
        with server_address(server) as address, Client(address) as client:
            comparison = client.compare(a, b, box=limits, free_constants=free_constants)
        written.result(comparison_object(comparison), comparison_view(comparison))
