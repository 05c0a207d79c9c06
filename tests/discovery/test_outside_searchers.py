"""Searchers of other distributions: found where they are installed, asked last, and harmless where they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY_POINTS = """[ansatz.searchers]
oracle = oracle:Oracle
broken = oracle:Broken
missing = not_there:Searcher
"""
MODULE = """
from ansatz.discovery.expression import parse


class Oracle:
    name = "oracle"

    def search(self, problem, budget, emit):
        emit(parse("sin(3.5*x)*cos(z)/(2.5 + sin(7.5*x*z))", problem.names))


class Broken:
    name = "broken"

    def search(self, problem, budget, emit):
        raise RuntimeError("out of luck")
"""
DISCOVERY = """
import json

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.searchers import searchers_for

x, z = np.random.default_rng(1).uniform(1, 4, (2, 60))
y = np.sin(3.5 * x) * np.cos(z) / (2.5 + np.sin(7.5 * x * z))
table = Table((Column("x", x), Column("z", z), Column("y", y)), "y")
report = discover(table, Options(engine=Engine.NONE, budget_seconds=60.0))
problem = Problem(np.column_stack([x, z]), y, ("x", "z"), frozenset(("sin", "cos")), 40, 0)
print(json.dumps({
    "best": report.candidates[0].found_by,
    "rmse": report.candidates[0].scores.rmse,
    "warnings": [(w.code, w.message) for w in report.warnings],
    "order": [searcher.name for searcher in searchers_for(problem)],
    "versions": dict(report.receipt.versions),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a discovery says where a distribution with three searchers is installed."""
    site = tmp_path_factory.mktemp("site")
    (site / "oracle.py").write_text(MODULE)
    installed = site / "oracle_searchers-1.5.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: oracle-searchers\nVersion: 1.5\n")
    (installed / "entry_points.txt").write_text(ENTRY_POINTS)
    paths = [str(site), *(str(Path(p).resolve()) for p in sys.path if p)]
    done = subprocess.run(
        [sys.executable, "-c", DISCOVERY], env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_a_searcher_from_outside_is_found_and_its_formulas_count(found: dict[str, object]) -> None:
    assert found["best"] == "outside.oracle"
    assert float(str(found["rmse"])) < 1e-9


def test_one_that_fails_or_cannot_be_loaded_costs_a_warning(found: dict[str, object]) -> None:
    warnings = found["warnings"]
    assert isinstance(warnings, list)
    failed = [message for code, message in warnings if code == "SEARCHER_FAILED"]
    assert [message.split(" ended")[0] for message in failed] == ["outside.broken", "outside.missing"]
    assert "RuntimeError: out of luck" in failed[0]
    assert "ModuleNotFoundError" in failed[1]


def test_they_come_after_the_built_in_ones_by_name(found: dict[str, object]) -> None:
    order = found["order"]
    assert isinstance(order, list)
    assert order[-3:] == ["outside.broken", "outside.missing", "outside.oracle"]
    assert len(order) > 6


def test_the_receipt_tells_their_version(found: dict[str, object]) -> None:
    versions = found["versions"]
    assert isinstance(versions, dict)
    assert versions["oracle-searchers"] == "1.5"
