"""Servers and workers killed while jobs run: a short run of the measurement."""

from __future__ import annotations

import pytest

from bench import postgresql
from bench.soak import STORES, soak


@pytest.mark.slow
@pytest.mark.timeout(900)  # a server that starts takes long on a busy machine
@pytest.mark.parametrize("store", STORES)
def test_every_job_ends_once_whatever_is_killed(store: str) -> None:
    if store == "postgresql" and postgresql.programs() is None:
        pytest.skip(postgresql.MISSING)
    outcome = soak(store, jobs=20, kills=5, seed=5)
    assert outcome.wrong == ()
    assert outcome.ended.total() == 20
    assert outcome.killed.total() == 5
