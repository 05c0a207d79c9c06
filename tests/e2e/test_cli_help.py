"""What --help says: every option by what it is about, within 100 columns, with examples that work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from ansatz.client.cli.app import app

ROOT = Path(__file__).parents[2]
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
EXAMPLES = [
    line
    for command in COMMANDS.values()
    for line in (command.epilog or "").splitlines()
    if re.match("ansatz (discover|evaluate|compare|predict) ", line)
]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the examples are, and nothing else."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def test_every_kind_of_data_has_an_example() -> None:
    shown = " ".join(line for line in EXAMPLES if line.startswith("ansatz discover"))
    assert all(what in shown for what in ("--target", "--kind curve", "--states", "--ansatz", "--format json"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_work_as_they_stand(ansatz: Run, folder: Path, served: str, example: str) -> None:
    _, *arguments = shlex.split(example)
    quick = {"discover": ("--budget", "1", "--engine", "none"), "predict": ("--budget", "1")}.get(arguments[0], ())
    done = ansatz(*arguments, *quick, "--server", served, cwd=folder)
    assert (done.returncode, done.stdout != "") == (0, True), done.stderr


def test_help_shows_options_by_what_they_are_about(ansatz: Run) -> None:
    said = ansatz("discover", "--help", env={**os.environ, "COLUMNS": "100"}).stdout
    assert max(map(len, said.splitlines())) <= 100
    sections = re.split(r"^(\S.*):$", said, flags=re.MULTILINE)[1:]
    named = [re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE) for text in sections[1::2]]
    options = dict(zip(sections[::2], named, strict=True))
    assert options["Curves"] == ["--role", "--scale", "--wide"]
    assert {"--std-errors", "--trials"} <= set(options["Data"])
    assert "--states" in options["Motion"]
    assert "--metric" in options["Tables"]
    declared = {name for parameter in COMMANDS["discover"].params for name in parameter.opts}
    assert set().union(*named) >= {name for name in declared if name.startswith("--")}
