"""The catalogue: every law's two forms are one function, and its derivatives are right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ansatz.discovery.curves.laws import LAWS, SELF, Law
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.expression import evaluate

ROWS = 40


def bound(law: Law, seed: int = 0) -> tuple[CurveModel, dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """A law on random columns, with constants from its usual ranges."""
    rng = np.random.default_rng(seed)
    top = 1.0 / max(len(law.variables), 1) if law.shares else 12.0
    columns = {v: rng.uniform(0.1 if law.shares else 3.0, top, ROWS) for v in law.variables}
    model = CurveModel.on(law, {v: v for v in law.variables}, columns)
    theta = [
        rng.uniform(0.5, 1.5) if p.linear else np.sqrt(p.start_lower * p.start_upper) if p.logarithmic
        else 0.5 * (p.start_lower + p.start_upper) + 0.1
        for p in law.parameters
    ]  # fmt: skip
    return model, columns, model.inward(np.array(theta))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_published_form_is_the_one_that_is_fitted(law: Law) -> None:
    model, columns, u = bound(law)
    fitted = model.values(u[None, :], model.variables_at(columns))[0]
    formula = model.formula(u, SELF)
    assert formula is not None
    published = evaluate(formula, {**columns, SELF: fitted}, ROWS)
    np.testing.assert_allclose(np.broadcast_to(fitted, (ROWS,)), published, rtol=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_derivatives_are_those_of_the_values(law: Law) -> None:
    model, columns, u = bound(law)
    variables = model.variables_at(columns)
    _, slopes = model.values_and_slopes(u[None, :], variables)
    step = 1e-6
    for j in range(u.size):
        up, down = u.copy(), u.copy()
        up[j], down[j] = u[j] + step, u[j] - step
        values = model.values(np.array([up, down]), variables)
        numeric = np.broadcast_to((values[0] - values[1]) / (2 * step), slopes[0, :, j].shape)
        np.testing.assert_allclose(slopes[0, :, j], numeric, rtol=1e-4, atol=1e-6 * np.abs(numeric).max() + 1e-9)


def test_names_are_unique_and_sources_are_given() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS)
    assert all(law.source and law.title for law in LAWS)
    for law in LAWS:
        assert set(law.breaks) | ({law.limit} - {""}) <= set(law.constants)
