"""When a search stops early: noise is left, and the law has outlived a searcher."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery.evidence.noise import Answer, Verdict
from ansatz.discovery.expression import FUNCTIONS, parse
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.stopping import Standing, may_stop, smooth_error

NOISE = Verdict(Answer.NOISE, 0.4, 0.9)
LAW = parse("1.2*x**2.3", ["x"])
SETTLED = Standing(formula=LAW, constants=2, rmse=0.1, found=100, work=250)


def test_a_law_that_has_lasted_and_leaves_noise_ends_the_search() -> None:
    assert may_stop(SETTLED, NOISE, smooth_error=0.1)


@pytest.mark.parametrize(
    "now",
    [
        replace(SETTLED, found=200),
        replace(SETTLED, constants=4),
        replace(SETTLED, rmse=0.2),
        replace(SETTLED, formula=parse("2.5", [])),
    ],
    ids=["new", "many constants", "worse than a smooth surrogate", "a constant"],
)
def test_else_the_search_goes_on(now: Standing) -> None:
    assert not may_stop(now, NOISE, smooth_error=0.1)


@pytest.mark.parametrize("left", [Verdict(Answer.STRUCTURE, 1e-4, 1.0), Verdict(Answer.TOO_FEW_ROWS, 0.4, 0.2)])
def test_what_leaves_structure_or_cannot_be_judged_does_not_end_it(left: Verdict) -> None:
    assert not may_stop(SETTLED, left, smooth_error=0.1)


def test_a_law_without_fitted_constants_need_not_last() -> None:
    assert may_stop(replace(SETTLED, constants=0, found=250), NOISE, smooth_error=0.1)


def test_a_smooth_surrogate_comes_near_the_noise_of_a_smooth_law() -> None:
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.uniform(1, 3, (200, 2)))
    y = X[:, 0] ** 1.5 / X[:, 1] + 0.02 * rng.standard_normal(200)
    error = smooth_error(Problem(X, y, ("a", "b"), frozenset(FUNCTIONS), 60, 0))
    assert 0.018 < error < 0.03
