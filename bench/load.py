"""What a server bears: many watchers and queued jobs beside searches, many small calls, watchers that never read.

    python -m bench.load [--watchers 1000] [--queued 200] [--seconds 60] [--evaluations 100000] [--stalled 200]

Prints a table, writes bench/results/load/latest.json and the table of docs/benchmarks.md. Server, workers and callers
share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
import numpy as np
import psutil

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, observations_pb2, problem_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub
from bench.server import started
from bench.tables import DOCUMENT, markdown, quantile, replace_part
from bench.watchers import Watched, watch

RESULT: Final = Path(__file__).parent / "results" / "load" / "latest.json"
_MIB: Final = 2**20
_PAUSE_SECONDS: Final = 0.02
_AT_ONCE: Final = 8
_WATCH_SECONDS: Final = 300.0


@dataclass
class Calls:
    """Seconds of calls by method, and how many failed."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0

    def make(self, call: Callable[..., Any], request: Any) -> Any:
        """Make a call; its answer, or None where it failed."""
        method = type(request).__name__.removesuffix("Request")
        began = time.perf_counter()
        try:
            answer = call(request, timeout=60)
        except grpc.RpcError as error:
            print(f"{method}: {error}", file=sys.stderr)
            self.failed += 1
            return None
        self.seconds.setdefault(method, []).append(time.perf_counter() - began)
        return answer


@dataclass(frozen=True)
class Load:
    """What was seen under watchers and queued jobs; memory of the server in MiB when all watched and at the end."""

    calls: Calls
    watched: Watched
    ended_meanwhile: int
    memory: tuple[float, float]


@dataclass(frozen=True)
class Evaluations:
    """Calls of EvaluateFormula; memory in MiB of server and evaluating process after a tenth of them and at the end."""

    number: int
    failed: int
    seconds: float
    server_memory: tuple[float, float]
    evaluator_memory: tuple[float, float]


@dataclass(frozen=True)
class Stalled:
    """Calls of others beside watchers that never read; memory of the server in MiB without and with them."""

    watchers: int
    calls: Calls
    memory: tuple[float, float]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--queued", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--evaluations", type=int, default=100_000)
    parser.add_argument("--stalled", type=int, default=200)
    options = parser.parse_args(arguments)
    busy = os.getloadavg()[0]
    load = under_watchers(options.watchers, options.queued, options.seconds)
    stalled = beside_stalled(options.stalled, options.seconds / 2)
    evaluations = many_evaluations(options.evaluations)
    _report(options, busy, load, stalled, evaluations)


def under_watchers(watchers: int, queued: int, seconds: float) -> Load:
    """Two workers search, `queued` jobs wait, `watchers` watch them; unary calls are made and timed for `seconds`."""
    with started(2, "--max-watchers", str(watchers + 100)) as (address, pid), _stub(address) as stub:
        calls = Calls()
        requests = (_job(number, budget=3) for number in range(queued + 2))
        made = [calls.make(stub.CreateJob, request) for request in requests]
        names = [answer.job.name for answer in made if answer]
        # Half of them watch the first jobs, which run meanwhile; the others all jobs.
        first = names[: max(2, len(names) // 8)]
        watched_names = [name for i, one in enumerate(names) for name in (one, first[i % len(first)])]
        with _watchers(address, watched_names, watchers) as watching:
            memory = _memory(pid)
            _call_for(seconds, stub, names, calls)
            after = _memory(pid)
            ended = sum(stub.GetJob(pb.GetJobRequest(name=n)).job.state == job_pb2.JOB_STATE_SUCCEEDED for n in names)
            for name in names[::-1]:
                calls.make(stub.CancelJob, pb.CancelJobRequest(name=name))
            watched = watching()
        return Load(calls, watched, ended, (memory, after))


def beside_stalled(watchers: int, seconds: float) -> Stalled:
    """As many watchers that never read, each with a connection of its own, of a job with many events; others call."""
    with started(1) as (address, pid), _stub(address) as stub:
        calls = Calls()
        name = stub.CreateJob(_job(0, budget=3600), timeout=60).job.name
        _call_for(seconds, stub, [name], Calls())
        memory = _memory(pid)
        # A window of one KiB: the server soon cannot write to those who do not read.
        options = [
            ("grpc.use_local_subchannel_pool", 1), ("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0)
        ]  # fmt: skip
        channels = [grpc.insecure_channel(address, options=options) for _ in range(watchers)]
        streams = [DiscoveryServiceStub(c).WatchJob(pb.WatchJobRequest(name=name)) for c in channels]
        _call_for(seconds, stub, [name], calls)
        after = _memory(pid)
        for stream, channel in zip(streams, channels, strict=True):
            stream.cancel()
            channel.close()
        return Stalled(watchers, calls, (memory, after))


def many_evaluations(number: int) -> Evaluations:
    """So many small calls of EvaluateFormula, some at once."""
    with started(1) as (address, pid):
        return asyncio.run(_evaluate(address, pid, number))


async def _evaluate(address: str, pid: int, number: int) -> Evaluations:
    request = pb.EvaluateFormulaRequest(formula="a**2/b", table=_job(0, budget=1, rows=12).problem.table)
    left, failed = iter(range(number)), 0
    memory: list[tuple[float, float]] = []
    async with grpc.aio.insecure_channel(address) as channel:
        stub = DiscoveryServiceStub(channel)

        async def caller() -> None:
            nonlocal failed
            for i in left:
                try:
                    await stub.EvaluateFormula(request, timeout=60)
                except grpc.RpcError as error:
                    print(f"EvaluateFormula: {error}", file=sys.stderr)
                    failed += 1
                if i == number // 10:
                    memory.append((_memory(pid), _memory(_evaluator(pid))))

        began = time.monotonic()
        await asyncio.gather(*(caller() for _ in range(_AT_ONCE)))
        seconds = time.monotonic() - began
        memory.append((_memory(pid), _memory(_evaluator(pid))))
    (server, evaluator), (server_after, evaluator_after) = memory
    return Evaluations(number, failed, seconds, (server, server_after), (evaluator, evaluator_after))


@contextmanager
def _stub(address: str) -> Iterator[DiscoveryServiceStub]:
    with grpc.insecure_channel(address) as channel:
        yield DiscoveryServiceStub(channel)


@contextmanager
def _watchers(address: str, names: Sequence[str], number: int) -> Iterator[Callable[[], Watched]]:
    """Watchers in a process of their own, all of which have heard something; gives what says what they saw."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=watch, args=(address, names, number, theirs))
    process.start()

    def received(what: str) -> Any:
        if not ours.poll(_WATCH_SECONDS):
            raise RuntimeError(f"watchers did not say {what} within {_WATCH_SECONDS:g} s")
        return ours.recv()

    try:
        received("that they watch")
        yield lambda: received("what they saw")
    finally:
        process.terminate()
        process.join()


def _call_for(seconds: float, stub: DiscoveryServiceStub, names: Sequence[str], calls: Calls) -> None:
    """Calls, one after the other, with pauses, until the time is over."""
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        name, turn = names[turn % len(names)], turn + 1
        calls.make(stub.GetJob, pb.GetJobRequest(name=name))
        calls.make(stub.ListJobs, pb.ListJobsRequest(page_size=20))
        calls.make(stub.GetServerInfo, pb.GetServerInfoRequest())
        time.sleep(_PAUSE_SECONDS)


def _job(number: int, budget: int, rows: int = 200) -> pb.CreateJobRequest:
    """Rows of a law under so much noise that a search takes its whole budget."""
    draw = np.random.default_rng(number)
    X = draw.uniform(1.0, 3.0, (rows, 3))
    y = np.sin(3 * X[:, 0]) * X[:, 1] + np.tanh(X[:, 2] - X[:, 0]) + draw.normal(size=rows)
    columns = [
        observations_pb2.Column(name=name, packed_values=struct.pack(f"<{rows}d", *values))
        for name, values in zip("abcy", [*X.T, y], strict=True)
    ]
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE, seed=number)
    options.budget.seconds = budget
    table = observations_pb2.Table(columns=columns, target="y")
    return pb.CreateJobRequest(problem=problem_pb2.Problem(table=table, options=options))


def _memory(pid: int) -> float:
    """Resident, in MiB."""
    return float(psutil.Process(pid).memory_info().rss) / _MIB


def _evaluator(pid: int) -> int:
    return next(c.pid for c in psutil.Process(pid).children() if "evaluate" in c.cmdline())


def _latency(name: str, calls: Calls) -> list[list[str]]:
    rows = []
    for method, seconds in calls.seconds.items():
        times = (1000 * quantile(seconds, share) for share in (0.5, 0.99, 1.0))
        rows.append([name, method, str(len(seconds)), *(f"{t:.1f}" for t in times)])
    return rows


def _report(options: argparse.Namespace, busy: float, load: Load, stalled: Stalled, evaluations: Evaluations) -> None:
    lines = [
        f"Machine: {os.cpu_count()} × {platform.machine()}, load average {busy:.1f} before the run.",
        "",
        f"{options.watchers} watchers, {options.queued} jobs waiting, two workers searching: "
        f"{load.calls.failed + load.watched.failed} calls failed, {load.watched.broken} watchers missed or repeated an "
        f"event, {load.watched.events} events told, {load.ended_meanwhile} jobs ended meanwhile; memory of the server "
        f"{load.memory[0]:.0f} MiB when all watched, {load.memory[1]:.0f} MiB at the end.",
        "",
        f"{stalled.watchers} watchers that never read: {stalled.calls.failed} calls of others failed; memory of the "
        f"server {stalled.memory[0]:.0f} MiB without them, {stalled.memory[1]:.0f} MiB with them.",
        "",
        f"{evaluations.number} calls of EvaluateFormula, {_AT_ONCE} at once: {evaluations.failed} failed, "
        f"{evaluations.number / evaluations.seconds:.0f} a second; memory after a tenth of them and at the end: server "
        f"{evaluations.server_memory[0]:.0f} and {evaluations.server_memory[1]:.0f} MiB, evaluating process "
        f"{evaluations.evaluator_memory[0]:.0f} and {evaluations.evaluator_memory[1]:.0f} MiB.",
        "",
    ]
    rows = _latency("watchers and queued jobs", load.calls) + _latency("watchers that never read", stalled.calls)
    lines += markdown(("beside", "call", "number", "median, ms", "99th percentile, ms", "longest, ms"), rows)
    print("\n".join(lines))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    found = {"load": asdict(load), "stalled": asdict(stalled), "evaluations": asdict(evaluations)}
    RESULT.write_text(json.dumps({"load_average": busy, **vars(options), **found}) + "\n")
    replace_part(DOCUMENT, "load", "\n".join(lines))


if __name__ == "__main__":
    main()
