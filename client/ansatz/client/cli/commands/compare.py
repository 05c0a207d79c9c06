"""ansatz compare"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli import failures
from ansatz.client.cli.arguments import boxes
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.output import Format, Output
from ansatz.client.cli.running.private_server import server_address
from ansatz.client.cli.views.report import number, short
from ansatz.client.client import Client
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.comparison import Comparison, Equivalence

# A formula may begin with a minus sign.
CONTEXT: Final[dict[str, Any]] = {"ignore_unknown_options": True}
_SAID = {
    Equivalence.PROVED: "the same function",
    Equivalence.NUMERICAL: "equal at every point tried; not proved",
    Equivalence.REFUTED: "different",
    Equivalence.UNDETERMINED: "not to be told: hardly a point lies where both are defined",
}


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


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    return {
        "state": "SUCCEEDED",
        "equivalent": comparison.equivalent,
        **asdict(comparison),
        "error": None,
        "violations": [],
    }


def comparison_view(comparison: Comparison) -> RenderableType:
    lines = [f"{_SAID[comparison.equivalence]} (shown by: {comparison.method})", *_difference(comparison)]
    if comparison.a_fitted and comparison.b_fitted:
        lines += [f"a fitted to b: {short(comparison.a_fitted)}", f"b fitted to a: {short(comparison.b_fitted)}"]
    tried = ", ".join(f"{name} from {low:.6g} to {high:.6g}" for name, (low, high) in comparison.box.items())
    lines.append(f"tried: {comparison.points} points" + (f", {tried}" if tried else ""))
    terms = comparison.terms
    lines += [
        f"terms of a: {_listed(terms.terms_a)}; of b: {_listed(terms.terms_b)}",
        f"terms in common: {number(terms.strict)} with exponents, {number(terms.loose)} without",
    ]
    warnings = [Text(f"warning {w.code}: {w.message}", style="yellow") for w in comparison.warnings]
    return Group(*map(Text, lines), *warnings)


def _difference(comparison: Comparison) -> list[str]:
    point = comparison.largest_difference
    if point is None or not point.relative_difference:
        return []
    place = ", ".join(f"{name} = {value:.6g}" for name, value in point.inputs.items()) or "everywhere"
    values = f"a = {point.a:.10g}, b = {point.b:.10g}"
    return [f"largest difference: {point.relative_difference:.3g} relative, at {place}: {values}"]


def _listed(terms: Sequence[str]) -> str:
    return ", ".join(terms) or "none"
