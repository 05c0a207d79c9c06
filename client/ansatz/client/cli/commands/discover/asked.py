"""What a command line asks of a discovery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.ansatz import Ansatz
from ansatz.client.cli.arguments.curves import Curves
from ansatz.client.cli.arguments.motion import Motion
from ansatz.client.cli.arguments.search import Search
from ansatz.client.cli.arguments.tables import Tables
from ansatz.client.cli.arguments.texts import comma_separated

_option = partial(typer.Option, rich_help_panel=panels.DATA)


class Kind(StrEnum):
    """What the rows of a file are."""

    AUTO = "auto"
    TABLE = "table"
    CURVE = "curve"
    TRAJECTORY = "trajectory"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The data, and everything that may be said of them and of the search."""

    data: options.DATA
    target: options.MAYBE_TARGET = None
    inputs: options.INPUTS = None
    group: options.GROUP = None
    std_errors: options.STD_ERRORS = None
    trials: options.TRIALS = None
    kind: Annotated[
        Kind,
        _option(
            "--kind",
            help="What the rows are: of a table; of curves, such as loss over steps, size or data; of a trajectory, "
            "samples of a motion; auto: of a trajectory where --states is given, else of a table.",
        ),
    ] = Kind.AUTO
    search: Search
    ansatz: Ansatz
    tables: Tables
    curves: Curves
    motion: Motion

    @property
    def rows_are(self) -> Kind:
        """The kind of the data."""
        if self.kind is not Kind.AUTO:
            return self.kind
        return Kind.TRAJECTORY if self.motion.states else Kind.TABLE

    @property
    def explained(self) -> str:
        """What formulas are sought for, as a result calls it."""
        return self.target or ", ".join(comma_separated(self.motion.states))
