"""Options about observed motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from ansatz.client.cli.arguments import panels

_option = partial(typer.Option, rich_help_panel=panels.MOTION)


@dataclass(frozen=True)
class Motion:
    """What only samples of a motion have."""

    states: Annotated[
        str | None,
        _option(
            "--states",
            metavar="X,V,…",
            help="The columns to be explained by differential equations; an empty cell is a missing sample.",
        ),
    ] = None
    time: Annotated[str | None, _option("--time", metavar="COL", help="The column of times.")] = None
    order: Annotated[
        int | None,
        _option(
            "--order",
            metavar="1|2",
            help="1: a law of dx/dt; 2: of d²x/dt², from positions alone; x_t is then dx/dt in formulas. Default: 1.",
        ),
    ] = None
    derivatives: Annotated[
        str | None,
        _option("--derivatives", metavar="A,B,…", help="The columns of measured derivatives, one for each state."),
    ] = None
    holdout: Annotated[
        str | None,
        _option(
            "--holdout",
            metavar="FILE",
            help="More runs, of the same columns: nothing is learned from them, they are only predicted.",
        ),
    ] = None
    stochastic: Annotated[
        bool, _option("--stochastic", help="Noise drives the motion: seek linear stochastic laws alone.")
    ] = False
