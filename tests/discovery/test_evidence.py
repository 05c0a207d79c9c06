"""What the data say of a formula, by the rules that all kinds of observations share."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.evidence.significance import LEVEL, serial_correlation_about_mean, upper_tail


@pytest.mark.parametrize("rows", [20, 100, 400])
@pytest.mark.parametrize("growth", [1.0, 20.0], ids=["even", "growing"])
def test_noise_is_called_structure_as_seldom_as_the_level_says(rows: int, growth: float) -> None:
    rng = np.random.default_rng(rows)
    sizes = np.geomspace(1.0, growth, rows)
    alarms = [upper_tail(serial_correlation_about_mean(sizes * rng.normal(size=rows))) <= LEVEL for _ in range(4000)]
    assert np.mean(alarms) < 1.6 * LEVEL


def test_a_slow_wave_in_the_residual_is_seen() -> None:
    wave = np.sin(np.linspace(0, 12, 100)) + np.random.default_rng(0).normal(size=100)
    assert upper_tail(serial_correlation_about_mean(wave)) < LEVEL
