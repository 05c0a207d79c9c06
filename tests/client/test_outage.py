"""A server that goes away and comes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansatz.client import Client, JobState

A = [0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07]
T = [a**1.5 for a in A]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    address = f"unix:{folder / 'socket'}"
    arguments = ["--listen", address, "--data-dir", str(folder / "data"), "--workers", "1"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ansatz.service", *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening ")
        yield address
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_watch_and_a_result_survive_a_server_that_is_killed_and_started_again(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        client = Client(address)
        job = client.submit(A, T, names=["a"], engine="none", budget=10)
        events = job.watch()
        sequences = [next(events).sequence]
    with serving(tmp_path), client:
        sequences += [event.sequence for event in events]
        report = job.result(timeout=60)
    assert sequences == list(range(1, len(sequences) + 1))
    assert report.state is JobState.SUCCEEDED
    assert report.best is not None
    assert report.best.formula == "a**1.5"
