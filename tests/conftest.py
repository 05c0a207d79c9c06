"""For all tests."""

from __future__ import annotations

import os

# Before numpy is imported: servers and searches share the machine here, and spinning threads would starve them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

# No test is about how long something takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

QUICK: Final = (
    "test_arrival.py",
    "test_completeness.py",
    "test_containers.py",
    "test_contributing.py",
    "test_repository.py",
    "client/test_import.py",
    "client/test_inputs.py",
    "client/test_parity.py",
    "client/test_units.py",
    "discovery/test_ansatz.py",
    "discovery/test_expression.py",
    "discovery/test_metric.py",
    "discovery/test_observations.py",
    "discovery/test_term_sets.py",
    "discovery/trajectories/test_jumps.py",
    "discovery/trajectories/test_system.py",
    "discovery/units/test_consistency.py",
    "discovery/units/test_unit_text.py",
    "service/test_convert.py",
)
"""Files of the tests that `make check` runs: all of them together take under two minutes on a usual machine."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests of quick files."""
    quick = {Path(__file__).parent / name for name in QUICK}
    for item in items:
        if item.path in quick:
            item.add_marker(pytest.mark.quick)
