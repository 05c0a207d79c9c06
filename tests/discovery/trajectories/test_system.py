"""Systems as programs on a record."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.expression import parse
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.system import System
from tests.discovery.trajectories.motions import motion


def test_terms_of_coefficient_zero_leave_the_numbers_of_an_equation_alone() -> None:
    record = prepare(motion(lambda t, x: [-x[0]], [[2.0]], np.linspace(0, 2, 50), ["x"])).learned
    system = System.of([parse("2*x/(1 + x**2) - 0.7*x**0.5", ["x"])])
    z = np.array([[0.5, 1.0, 2.0]])
    inputs, t = np.empty((0, 3)), np.zeros(3)
    alone = system.compiled(record).rates(z, inputs, t, system.values)
    extended = system.compiled(record, [(0, parse("3*x - 1.5", ["x"]))])
    rates, slopes = extended.rates_and_slopes(z, inputs, t, np.append(system.values, 0.0), np.zeros((1, 4, 3)))
    np.testing.assert_array_equal(rates, alone)
    np.testing.assert_allclose(slopes[0, -1], 3 * z[0] - 1.5)
