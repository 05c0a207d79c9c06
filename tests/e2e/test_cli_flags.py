"""Every option of `ansatz discover` with every kind of data: used, or refused by its name before any search."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from ansatz.client.cli.app import app

if TYPE_CHECKING:
    from tests.e2e.conftest import Refusal

Result = Callable[..., tuple[int, dict[str, Any]]]

# Each kind of data, with what says of which kind it is.
KINDS = {
    "table": ("--target", "y"),
    "groups": ("--target", "y", "--group", "run"),
    "curve": ("--kind", "curve", "--target", "y", "--group", "run"),
    "curves by run": ("--kind", "curve", "--target", "y", "--group", "run", "--per-group", "all"),
    "motion": ("--states", "y", "--time", "x", "--group", "run"),
    "noise": ("--states", "y", "--time", "x", "--group", "run", "--stochastic"),
}
TABLES, CURVES, MOTION = {"table", "groups"}, {"curve", "curves by run"}, {"motion", "noise"}
WITH_ANSATZ = {*TABLES, "curve", "motion"}
LINE = ("--ansatz", "a*x + b")
# Each other option, the kinds that use it, and what is given beside it; all other kinds refuse it.
FLAGS: dict[str, tuple[set[str], tuple[str, ...], tuple[str, ...]]] = {
    "--order": (MOTION, ("2",), ()),
    "--derivatives": (MOTION, ("w",), ()),
    "--holdout": (MOTION, ("HERE",), ()),
    "--stochastic": (MOTION, (), ()),
    "--std-errors": ({*TABLES, *CURVES, "motion"}, ("w",), ()),
    "--input-errors": ({"table"}, ("x=w",), ()),
    "--noise": ({"table"}, ("poisson",), ()),
    "--trials": (CURVES, ("n",), ()),
    "--role": (CURVES, ("D=x",), ()),
    "--wide": (CURVES, ("size",), ()),
    "--scale": (CURVES, ("linear",), ()),
    "--weights": (TABLES, ("w",), ()),
    "--units": (TABLES, ("units.json",), ()),
    "--dimensional-constants": (TABLES, (), ()),
    "--metric": ({"table"}, ("log",), ()),
    "--ansatz": (WITH_ANSATZ, ("a*x + b",), ()),
    "--start": (WITH_ANSATZ, ("a=1",), LINE),
    "--bounds": ({*TABLES, "curve", "motion"}, ("a=-9:9",), LINE),
    "--fixed-numbers": ({*TABLES, "curve"}, (), LINE),
    "--free-numbers": (WITH_ANSATZ, (), LINE),
    "--loss": ({"table"}, ("huber",), LINE),
    "--per-group": ({"groups"}, ("a",), LINE),
    "--functions": (set(KINDS), ("exp,log,sqrt,abs",), ()),
    "--max-complexity": (set(KINDS), ("20",), ()),
    "--engine": (TABLES, ("operon",), ()),
    "--budget": (set(KINDS), ("10",), ()),
    "--seed": (set(KINDS), ("7",), ()),
}
# What says where data are and results go, and which columns are what: of every kind, tried in other tests.
EVERYWHERE = set("--target --inputs --group --kind --states --time --plot --server --format --output --help".split())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Rows that may be of any kind: two runs, x, y, and columns for errors and trials."""
    rows = [f"{run},{x / 4},{(2 + run) / 4 * math.exp(-x / 8)!r},0.1,100" for run in (0, 1) for x in range(1, 25)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["run,x,y,w,n", *rows]) + "\n")
    (tmp_path / "units.json").write_text('{"x": "s", "y": "m"}')
    return path


def line(kind: str, flag: str, here: Path) -> list[str]:
    _, values, beside = FLAGS[flag]
    named = {"HERE": str(here), "units.json": str(here.parent / "units.json")}
    return [str(here), *KINDS[kind], *beside, flag, *(named.get(value, value) for value in values)]


def test_every_option_is_tried_here() -> None:
    command = get_command(app).commands["discover"]  # type: ignore[attr-defined]
    declared = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert declared | {"--help"} == set(FLAGS) | EVERYWHERE


@pytest.mark.parametrize(("kind", "flag"), [(k, f) for k in KINDS for f in FLAGS if k not in FLAGS[f][0]])
def test_an_option_of_another_kind_is_refused_by_name(
    refusal: Refusal, here: Path, served: str, kind: str, flag: str
) -> None:
    violations, message = refusal("discover", *line(kind, flag, here), "--server", served)
    flags = {name for violation in violations for name in violation["flag"].split(", ")}
    assert flag in flags
    assert flags <= {flag, "--start", "--bounds", *FLAGS[flag][2]}
    assert re.search(rf"^error: .*{flag}\b.*: .*\b(leave|give|name|make)\b", message, re.MULTILINE)
    assert not re.search(r"\b(options|table|curves|trajectories)\.", message)


# What goes together, of each kind.
TOGETHER = [
    ("table", ("--weights", "--units", "--dimensional-constants", "--start", "--bounds", "--fixed-numbers", "--loss")),
    ("table", ("--metric",)),
    ("table", ("--std-errors",)),
    ("groups", ("--std-errors",)),
    ("groups", ("--weights", "--units", "--start", "--bounds", "--fixed-numbers", "--per-group")),
    ("curve", ("--std-errors", "--role", "--scale", "--start", "--bounds", "--fixed-numbers")),
    ("curve", ("--trials",)),
    ("curves by run", ("--role",)),
    ("table", ("--std-errors", "--input-errors")),
    ("table", ("--free-numbers", "--start")),
    ("motion", ("--derivatives", "--holdout", "--start", "--free-numbers")),
    ("motion", ("--std-errors",)),
    ("motion", ("--order",)),
    ("noise", ("--holdout",)),
]


@pytest.mark.parametrize(("kind", "flags"), TOGETHER)
def test_the_options_of_a_kind_are_taken(
    result: Result, here: Path, served: str, kind: str, flags: tuple[str, ...]
) -> None:
    given: list[str] = []
    of_all = [flag for flag in ("--functions", "--max-complexity", "--budget", "--seed") if kind in FLAGS[flag][0]]
    for flag in (*flags, *of_all):
        given += [word for word in line(kind, flag, here)[1 + len(KINDS[kind]) :] if word not in given]
    status, found = result("discover", here, *KINDS[kind], *given, "--engine", "none", "--server", served)
    assert (status, found["violations"]) == (0, [])
    assert found["receipt"]["seed"] == 7
