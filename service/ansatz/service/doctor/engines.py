"""Do the engines run here?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from ansatz import distribution
from ansatz.discovery.asked.options import Engine
from ansatz.discovery.search.evolution.engines import EngineStatus, engine_statuses
from ansatz.service.doctor.check import Check, failed, ok, warning

_FIT_SECONDS: Final = 120.0
_SAID: Final = 300
# In a process of its own: compiled code that the processor does not know ends the process that calls it.
_FIT: Final = """
import numpy as np
from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.search import evolution
evolution.warm(Engine.OPERON)
x = np.linspace(1.0, 2.0, 20)
table = Table((Column("x", x), Column("y", x**2)), target="y")
assert discover(table, Options(engine=Engine.OPERON, budget_seconds=5)).candidates
"""


def checks() -> Iterator[Check]:
    """One for each engine, and one for a search with the embedded one."""
    for status in engine_statuses():
        name = f"engine {status.engine.value}"
        if not status.ready:
            yield warning(name, "not ready; searches run without it", status.detail)
        elif status.engine is Engine.OPERON:
            yield _fit(name, status)
        else:
            yield ok(name, status.detail)


def _fit(name: str, status: EngineStatus) -> Check:
    """Does it fit a small table?"""
    remedy = f"reinstall the package: pip install --force-reinstall '{distribution.requirement('server')}'"
    try:
        run = subprocess.run(
            [sys.executable, "-P", "-c", _FIT], capture_output=True, text=True, timeout=_FIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return failed(
            name, f"a tiny fit did not end within {_FIT_SECONDS:g} s", "look for what keeps this machine busy"
        )
    if run.returncode:
        said = run.stderr.strip().splitlines()[-1:] or [f"exit status {run.returncode}"]
        return failed(name, f"a tiny fit failed: {said[0][:_SAID]}", remedy)
    return ok(name, f"{status.detail}; a tiny fit runs")
