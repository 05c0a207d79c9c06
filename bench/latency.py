"""How long a warm server takes for a noiseless power law of three inputs and 200 rows.

    python -m bench.latency [--repeats 30]

Prints a table, writes bench/results/latency/latest.json and the table of docs/benchmarks.md. Client and server run on
this machine, so that their clocks are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ansatz.client import Client, Job
from ansatz.discovery import Column, Engine, Options, Table, discover
from bench.server import running
from bench.tables import DOCUMENT, markdown, quantile, replace_part

RESULT: Final = Path(__file__).parent / "results" / "latency" / "latest.json"
ROWS: Final = 200
NAMES: Final = ("a", "b", "c")
_EXPONENTS: Final = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0)
_WARM_UP: Final = 3
_PARTS: Final = {
    "first_candidate": "CreateJob → first candidate at the client",
    "final": "CreateJob → final result at the client",
    "create_call": "— of it: CreateJob (validate, store, answer)",
    "queue": "— of it: in the queue",
    "search": "— of it: in the worker",
    "deliver": "— of it: stored and delivered",
    "library": "the library alone, called directly",
}

Data = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.latency", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--engine", choices=[e.value for e in Engine], default="auto")
    options = parser.parse_args(arguments)
    with running() as address, Client(address) as client:
        for i in range(_WARM_UP):
            _measure(client, i, options.engine)
        measured = [_measure(client, _WARM_UP + i, options.engine) for i in range(options.repeats)]
    for i, one in enumerate(measured):
        one["library"] = _library_seconds(_WARM_UP + i, options.engine)
    _report(measured, options.engine)


def power_law(number: int) -> tuple[Data, Data]:
    """X of shape (200, 3) and y = k·a^p·b^q·c^r; every number gives another law."""
    rng = np.random.default_rng(number)
    X = rng.uniform(1.0, 5.0, (ROWS, len(NAMES)))
    exponents = rng.choice(_EXPONENTS, len(NAMES))
    return X, float(np.round(rng.uniform(0.1, 10.0), 2)) * np.prod(X**exponents, axis=1)


def _measure(client: Client, number: int, engine: str) -> dict[str, Any]:
    X, y = power_law(number)
    started, on_clock = time.monotonic(), time.time()
    job = client.submit(X, y, names=NAMES, engine=engine)
    created = time.monotonic()
    first = None
    for event in job.watch():
        if event.front and first is None:
            first = time.monotonic()
    result = job.result()
    final, final_on_clock = time.monotonic(), time.time()
    if first is None or result.best is None or (result.best.scores.relative_error or 1.0) > 1e-9:
        raise RuntimeError(f"power law {number} was not found: {result.best}")
    stages = _stages(job.describe())
    return {
        "formula": result.best.formula,
        "first_candidate": first - started,
        "final": final - started,
        "create_call": created - started,
        "queue": stages[1] - stages[0],
        "search": stages[2] - stages[1],
        "deliver": final_on_clock - max(stages[2], on_clock),
    }


def _stages(job: Job) -> tuple[float, float, float]:
    if job.start_time is None or job.end_time is None:
        raise RuntimeError("a final job has all its times")
    return job.create_time.timestamp(), job.start_time.timestamp(), job.end_time.timestamp()


def _library_seconds(number: int, engine: str) -> float:
    X, y = power_law(number)
    columns = (*(Column(name, X[:, i].copy()) for i, name in enumerate(NAMES)), Column("y", y))
    started = time.monotonic()
    discover(Table(columns, "y"), Options(engine=Engine(engine)))
    return time.monotonic() - started


def _report(measured: list[dict[str, Any]], engine: str) -> None:
    rows = []
    for key, title in _PARTS.items():
        values = [1000 * one[key] for one in measured]
        rows.append([title, f"{statistics.median(values):.0f}", f"{quantile(values, 0.9):.0f}"])
    machine = f"{os.cpu_count()} × {platform.machine()}"
    lines = [f"{len(measured)} jobs, engine {engine}, one worker, {machine}:", ""]
    lines += markdown(("", "median, ms", "90th percentile, ms"), rows)
    print("\n".join(lines))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "engine": engine, "jobs": measured}, indent=1) + "\n")
    replace_part(DOCUMENT, "latency", "\n".join(lines))


if __name__ == "__main__":
    main()
