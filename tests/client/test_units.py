"""Units through a real server: how formulas stand by them, and constants that may carry dimensions."""

from __future__ import annotations

import random

import pytest

from ansatz.client import Client, Consistency

RANDOM = random.Random(0)
LENGTH = [RANDOM.uniform(1, 5) for _ in range(40)]
WIDTH = [RANDOM.uniform(1, 5) for _ in range(40)]
EDGES = {"length": LENGTH, "width": WIDTH}
METRES = {"length": "m", "width": "m", "y": "m"}
# A clearance of 0.7 m about a length: right only if 0.7 is a length itself.
CLEARED = [a + 0.7 for a in LENGTH]


def best(client: Client, units: dict[str, str] | None, dimensional_constants: bool) -> tuple[str, Consistency | None]:
    report = client.discover(
        EDGES,
        CLEARED,
        target_name="y",
        units=units,
        dimensional_constants=dimensional_constants,
        engine="none",
        budget=3.0,
    )
    assert report.best is not None
    return report.best.formula, report.best.dimensions


def test_constants_carry_dimensions_where_that_is_asked(client: Client) -> None:
    assert best(client, METRES, True) == ("length + 0.7", Consistency.DIMENSIONAL_CONSTANTS)
    formula, dimensions = best(client, METRES, False)
    assert formula != "length + 0.7"
    assert dimensions is Consistency.CONSISTENT


def test_without_units_nothing_is_said_of_dimensions(client: Client) -> None:
    assert best(client, None, False) == ("length + 0.7", None)


@pytest.mark.parametrize(
    ("formula", "dimensions"),
    [
        ("length + 2*width", Consistency.CONSISTENT),
        ("length + 0.7", Consistency.DIMENSIONAL_CONSTANTS),
        ("length*width + length", Consistency.INCONSISTENT),
    ],
)
def test_an_evaluated_formula_says_how_it_stands(client: Client, formula: str, dimensions: Consistency) -> None:
    evaluation = client.evaluate(formula, EDGES, CLEARED, target_name="y", units=METRES)
    assert evaluation.candidate.dimensions is dimensions


def test_a_job_remembers_the_option(client: Client) -> None:
    job = client.submit(EDGES, CLEARED, dimensional_constants=True, engine="none", budget=1.0)
    assert job.describe().options.dimensional_constants
    job.result(timeout=60)
