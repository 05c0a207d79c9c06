"""ansatz compare"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.arguments.records import flattened
from ansatz.client.cli.arguments.texts import Box, comma_separated, parse_box
from ansatz.client.cli.files.table import read_numbers
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.comparison import comparison_object, comparison_view
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest

# A formula may begin with a minus sign.
CONTEXT: Final[dict[str, Any]] = {"ignore_unknown_options": True}
EXAMPLES: Final = examples(
    'ansatz compare "sin(x)**2" "1 - cos(x)**2"',
    'ansatz compare "k*x**1.5" "0.3*x**1.5" --box x=1:5 --free-constants',
    'ansatz compare "D**2" "500*D" --data examples/hubble/hubble_1929.csv --inputs D',
)


@flattened
def compare(
    *,
    a: Annotated[str, typer.Argument(metavar="A", help="A formula.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another formula.", show_default=False)],
    box: options.BOX = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="Instead of --box: a table, from the lowest to the highest value of whose columns the inputs go.",
            rich_help_panel=panels.DATA,
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            "--inputs",
            metavar="A,B,…",
            help="With --data: the columns that are inputs; default: all.",
            rich_help_panel=panels.DATA,
        ),
    ] = None,
    free_constants: Annotated[
        bool,
        typer.Option(
            "--free-constants",
            help="Numbers that are neither integers nor exponents may differ, and so may names that are no inputs.",
            rich_help_panel=panels.SEARCH,
        ),
    ] = False,
    server: options.SERVER = None,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Say whether two formulas are the same function of their inputs.

    Also how that is shown, where they differ most, and which terms they share.
    Exit status: 0 whatever the answer, 1 failed, 2 bad input.
    """
    with failures.reported(Output(format, output)) as written:
        limits = _limits(box, data, inputs)
        with server_address(server) as address, Client(address) as client:
            comparison = client.compare(a, b, box=limits, free_constants=free_constants)
        written.result(comparison_object(comparison), comparison_view(comparison))


def _limits(box: str | None, data: str | None, inputs: str | None) -> Box | None:
    """The lowest and highest values of the inputs, where they are given. Raises InvalidRequest."""
    if data is None:
        if inputs is not None:
            raise InvalidRequest.of("--inputs", "names columns of --data; give that too, or leave it out")
        return parse_box(box) if box else None
    if box is not None:
        raise InvalidRequest.of("--box", "is given beside --data; give one of them")
    return {name: (min(values), max(values)) for name, values in read_numbers(data, comma_separated(inputs)).items()}
