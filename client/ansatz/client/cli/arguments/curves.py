"""Options about curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from ansatz.client.cli.arguments import panels

_option = partial(typer.Option, rich_help_panel=panels.CURVES)


@dataclass(frozen=True)
class Curves:
    """What only curves have."""

    role: Annotated[
        list[str] | None,
        _option(
            "--role",
            metavar="N=COL",
            help="What a column is: N (parameters), D (tokens, examples), C (compute), S (step), B (batch size) or lr; "
            "once for each. Default: by usual names, such as params, tokens, step.",
        ),
    ] = None
    scale: Annotated[
        str,
        _option(
            "--scale",
            metavar="auto|log|linear|share",
            help="How errors are counted: log, relative to the value; linear, as they are; share, with --trials.",
        ),
    ] = "auto"
    wide: Annotated[
        str | None,
        _option(
            "--wide",
            metavar="NAME",
            help="The file has a column for each value of NAME, headed by that value; --target names their cells.",
        ),
    ] = None
