"""Interrupting the command, by real signals to real processes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

ANSATZ = [sys.executable, "-c", "from ansatz.client.cli import main; main()"]
Result = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def hard(tmp_path: Path) -> Path:
    """Data that keep a search busy for many seconds."""
    values = random.Random(1)
    rows = [[values.uniform(0.5, 3) for _ in range(6)] for _ in range(400)]
    path = tmp_path / "hard.csv"
    path.write_text("a,b,c,d,e,y\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows))
    return path


def started(*arguments: object, **keywords: Any) -> subprocess.Popen[str]:
    """A discovery under way: it has shown a first formula."""
    command = [*ANSATZ, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **keywords)
    assert process.stderr is not None
    assert any("best so far" in line for line in process.stderr)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_prints_the_partial_result_and_leaves_nothing_behind(
    hard: Path, tmp_path: Path, number: signal.Signals
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = ("discover", hard, "--target", "y", "--engine", "none", "--budget", 60, "--format", "json")
    process = started(*arguments, env={**os.environ, "TMPDIR": str(scratch)})
    server = psutil.Process(process.pid).children()
    process.send_signal(number)
    stdout, _ = process.communicate(timeout=60)
    found = json.loads(stdout)
    assert (process.returncode, found["state"]) == (130, "CANCELLED")
    assert found["candidates"][0]["rank"] == 1
    assert psutil.wait_procs(server, timeout=10)[1] == []
    assert list(scratch.iterdir()) == []


def test_a_private_server_ends_with_a_command_that_is_killed(hard: Path, tmp_path: Path) -> None:
    process = started(
        "discover",
        hard,
        "--target",
        "y",
        "--engine",
        "none",
        "--budget",
        60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.kill()
    process.communicate(timeout=60)
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_interrupting_a_watch_leaves_the_job_alone(hard: Path, served: str, result: Result) -> None:
    there = ("--server", served)
    asked = ("discover", hard, "--target", "y", "--engine", "none", "--budget", 60, *there)
    discovery = started(*asked)
    job = result("jobs", "list", *there)[1]["jobs"][0]["job"]
    watch = started("jobs", "watch", job, "--format", "json", *there)
    watch.send_signal(signal.SIGINT)
    stdout, _ = watch.communicate(timeout=60)
    assert (watch.returncode, json.loads(stdout)["state"]) == (130, "CANCELLED")
    assert result("jobs", "show", job, *there)[1]["state"] == "RUNNING"
    discovery.send_signal(signal.SIGINT)
    stdout, _ = discovery.communicate(timeout=60)
    assert discovery.returncode == 130
    assert "the best until then" in stdout
    assert result("jobs", "show", job, *there)[1]["state"] == "CANCELLED"
