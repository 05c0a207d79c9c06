"""Options about tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import options, panels

_option = partial(typer.Option, rich_help_panel=panels.TABLES)


@dataclass(frozen=True)
class Tables:
    """What only rows of a table have."""

    metric: Annotated[
        str | None,
        _option(
            "--metric",
            metavar="log|log-log|logit|guess:G|auto",
            help="The space in which the law is sought: log(y), log(-log(y)), logit(y), y above the share G of right "
            "guesses; auto: the one in which the law is simplest. Default: y itself.",
        ),
    ] = None
    weights: options.WEIGHTS = None
    input_errors: options.INPUT_ERRORS = None
    noise: options.NOISE = None
    units: options.UNITS = None
    dimensional_constants: Annotated[
        bool, _option("--dimensional-constants", help="With --units: numbers of a formula may carry dimensions.")
    ] = False

    def keywords(self) -> dict[str, Any]:
        """Return keywords of a search; weights, errors and units go with the columns."""
        return {"metric": self.metric, "dimensional_constants": self.dimensional_constants}
