"""Tables with more inputs than a law has: the right ones are found, within the budget."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Table, discover


def _table(X: np.ndarray, y: np.ndarray) -> Table:
    inputs = [Column(f"x{j}", np.ascontiguousarray(X[:, j])) for j in range(X.shape[1])]
    return Table((*inputs, Column("y", y)), "y")


def test_a_law_of_three_inputs_is_found_beside_ten_irrelevant_ones() -> None:
    X = np.random.default_rng(0).uniform(1, 5, (200, 13))
    report = discover(_table(X, X[:, 2] * X[:, 7] / X[:, 11] ** 2), Options(engine=Engine.NONE))
    assert set(report.candidates[0].text) >= set("x2*x7/11**2")
    assert report.candidates[0].scores.relative_error < 1e-14


def test_of_many_inputs_the_explaining_ones_are_searched_and_the_reader_is_told() -> None:
    X = np.random.default_rng(1).normal(size=(500, 60))
    report = discover(_table(X, 3 * X[:, 40] ** 2 + X[:, 5]), Options(engine=Engine.NONE))
    assert report.candidates[0].text in ("3*x40**2 + x5", "x5 + 3*x40**2")
    assert "INPUTS_SCREENED" in {w.code for w in report.warnings}


@pytest.mark.slow
def test_the_law_of_a_large_table_is_found_through_its_noise() -> None:
    rng = np.random.default_rng(3)
    X = rng.uniform(1, 5, (200_000, 10))
    y = 0.5 * X[:, 1] * X[:, 4] ** 2
    report = discover(_table(X, y + 0.05 * np.std(y) * rng.standard_normal(y.size)), Options(engine=Engine.NONE))
    assert report.candidates[0].text == "0.5*x1*x4**2"
    assert report.residual is not None
    assert report.residual.is_noise


def test_a_short_budget_cuts_the_search_of_a_large_table_and_says_so() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20_000, 30))
    y = np.sin(X[:, 0] * X[:, 1]) + rng.normal(0, 0.5, 20_000)
    report = discover(_table(X, y), Options(engine=Engine.NONE, budget_seconds=0.3))
    assert report.candidates
    assert report.receipt.cut_stages
    assert not report.receipt.reproducible
