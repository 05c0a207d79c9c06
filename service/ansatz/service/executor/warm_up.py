"""What a worker does once, so that its first task does not wait for it."""

from __future__ import annotations

import gc
from typing import Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, compare_formulas, discover, evaluate_formula
from ansatz.discovery.search import evolution

SEARCH: Final = "search"
EVALUATE: Final = "evaluate"


def warm_up(role: str) -> None:
    """Import everything and go once through the code of a task. Raises what the task would raise."""
    if role == EVALUATE:
        evaluate_formula(_tiny_table(), "2.1*a**1.4", refit=True)
        compare_formulas("2.1*a", "1.4*a*a", free_constants=True)
    else:
        discover(_tiny_table(), Options(engine=Engine.NONE, budget_seconds=5.0))
        evolution.warm(evolution.resolve(Engine.AUTO))
    # What stands now stays: collections during a search need not look at it again.
    gc.collect()
    gc.freeze()


def _tiny_table() -> Table:
    """A power law in two inputs, exact, so that a search ends at once."""
    a, b = np.random.default_rng(0).uniform(1.0, 3.0, (2, 30))
    return Table((Column("a", a), Column("b", b), Column("y", 2.0 * a**1.5 / b)), target="y")
