"""The command as a user starts it, and a server started by it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansatz.client.cli import main

ANSATZ = [sys.executable, "-c", "from ansatz.client.cli import main; main()"]

Run = Callable[..., subprocess.CompletedProcess[str]]
Refusal = Callable[..., tuple[list[dict[str, Any]], str]]


@pytest.fixture(scope="session")
def ansatz() -> Run:
    """Runs a command line to its end."""

    def run(*arguments: object, stdin: str = "", **keywords: Any) -> subprocess.CompletedProcess[str]:
        command = [*ANSATZ, *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=120, check=False, **keywords
        )

    return run


@pytest.fixture(scope="session")
def result(ansatz: Run) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs a command line with --format json: exit status and the one object on standard output."""

    def run(*arguments: object, **keywords: Any) -> tuple[int, dict[str, Any]]:
        done = ansatz(*arguments, "--format", "json", **keywords)
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server started by `ansatz serve`."""
    folder = tmp_path_factory.mktemp("served")
    arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", str(folder / "data"), "--workers", "1"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*ANSATZ, *arguments], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("listening ").strip()
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def planets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Semi-major axes (au) and periods (years) that follow Kepler's law to the last digit."""
    axes = [0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07]
    path = tmp_path_factory.mktemp("data") / "planets.csv"
    path.write_text("a,period\n" + "".join(f"{a},{a**1.5!r}\n" for a in axes))
    return path


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Refusal]:
    """Runs a command line, which must be refused: the violations, and the message."""

    def run(*arguments: object) -> tuple[list[dict[str, Any]], str]:
        monkeypatch.setattr(sys, "argv", ["ansatz", *map(str, arguments), "--format", "json"])
        with pytest.raises(SystemExit) as ended:
            main()
        stdout, stderr = capsys.readouterr()
        found = json.loads(stdout)
        assert (ended.value.code, found["state"], found["candidates"]) == (2, "INVALID", [])
        assert found["error"]["message"]
        assert stderr.startswith("error: ")
        return found["violations"], stderr

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
