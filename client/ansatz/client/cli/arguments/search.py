"""Options about the search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.texts import comma_separated

_option = partial(typer.Option, rich_help_panel=panels.SEARCH)


@dataclass(frozen=True)
class Search:
    """How long to search, with what, and for formulas of which kind."""

    budget: options.BUDGET = None
    functions: Annotated[
        str | None,
        _option(
            "--functions",
            metavar="sin,exp,…",
            help="The only functions allowed in formulas; default: all but sign, min and max.",
        ),
    ] = None
    max_complexity: Annotated[
        int | None,
        _option(
            "--max-complexity",
            metavar="N",
            help="How many operators, functions, columns and numbers a formula that is searched for may have in all; "
            "an ansatz may have more; default: 40.",
        ),
    ] = None
    engine: options.ENGINE = None
    seed: options.SEED = None

    def keywords(self) -> dict[str, Any]:
        """Return keywords of a search."""
        return {
            "budget": self.budget,
            "functions": comma_separated(self.functions) or None,
            "max_complexity": self.max_complexity,
            "engine": self.engine,
            "seed": self.seed,
        }
