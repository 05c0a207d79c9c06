"""Kill servers and workers at random instants while jobs run, and count what becomes of the jobs.

    python -m bench.soak [--store sqlite|postgresql] [--jobs 200] [--kills 50] [--seed 1]

SQLite has one server with one worker; on PostgreSQL (a cluster of our own in a temporary folder) two servers with one
worker each share the jobs. Every job is watched from its beginning by the client, which has to find its way back by
itself. At the end each job must have ended once, as the watcher heard it, with events numbered 1, 2, 3, … .
Exits with 1 where one has not; writes the table of docs/benchmarks.md where all have (--write).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc
import numpy as np
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ansatz.client import AsyncClient, Client, Job, JobEvent, Unavailable
from bench import postgresql
from bench.tables import DOCUMENT, markdown, replace_part

STORES: Final = ("sqlite", "postgresql")
_LEASE_SECONDS: Final = 3.0
_BUDGET_SECONDS: Final = 1.5
_PAUSE_SECONDS: Final = (0.0, 2.0)
_WARM_SHARE: Final = 0.7
_END_SECONDS: Final = 1800.0
_LIFE: Final = re.compile(r"(QUEUED )(RUNNING QUEUED )*(RUNNING )?(SUCCEEDED|FAILED)")


@dataclass(frozen=True)
class Outcome:
    """What became of the jobs: by state and reason, by number of attempts; what was killed; and everything that is
    wrong."""

    store: str
    jobs: int
    ended: Counter[str]
    attempts: Counter[int]
    killed: Counter[str]
    seconds: float
    wrong: tuple[str, ...]


@dataclass
class Fleet:
    """Servers that are killed and started again, each on a port of its own."""

    commands: list[list[str]]
    ports: list[int]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    def start(self, i: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.commands[i], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill_something(self, draw: random.Random) -> None:
        """A server, one of its workers, or both, at once; a server is started again."""
        i = draw.randrange(len(self.processes))
        server = self.processes[i]
        workers = [w for w in psutil.Process(server.pid).children() if "search" in w.cmdline()]
        what = draw.choice(["server", "worker", "both"] if workers else ["server"])
        if what != "server":
            draw.choice(workers).send_signal(signal.SIGKILL)
        if what != "worker":
            server.kill()
            server.wait()
            self.processes[i] = self.start(i)
        self.killed[what] += 1

    async def until_warm(self) -> None:
        """Return once every server could take a job at once."""
        for port in self.ports:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub, request = health_pb2_grpc.HealthStub(channel), health_pb2.HealthCheckRequest()
                while (await stub.Check(request, wait_for_ready=True)).status != health_pb2.HealthCheckResponse.SERVING:
                    await asyncio.sleep(0.1)

    @property
    def targets(self) -> list[str]:
        """Addresses for clients, each with another server first."""
        addresses = [f"127.0.0.1:{port}" for port in self.ports]
        return ["ipv4:" + ",".join(addresses[i:] + addresses[:i]) for i in range(len(addresses))]


@contextmanager
def fleet(store: str) -> Iterator[Fleet]:
    """Servers on one store: one on SQLite, two on PostgreSQL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ansatz-soak-")))
        flags = ["--lease-seconds", str(_LEASE_SECONDS), "--exit-with-parent", "--log-level", "error"]
        ports = [_free_port() for _ in range(1 if store == "sqlite" else 2)]
        if store == "sqlite":
            flags += ["--data-dir", str(folder), "--workers", "1"]
        else:
            url = stack.enter_context(postgresql.cluster()).new_database()
            flags += ["--store", url, "--workers", "1", "--data-dir", str(folder)]
        command = [sys.executable, "-P", "-m", "ansatz.service", *flags, "--listen"]
        made = Fleet([[*command, f"127.0.0.1:{port}"] for port in ports], ports)
        made.processes = [made.start(i) for i in range(len(ports))]
        try:
            yield made
        finally:
            for process in made.processes:
                process.terminate()
            for process in made.processes:
                process.wait(60)


def soak(store: str, jobs: int, kills: int, seed: int) -> Outcome:
    """Create `jobs` jobs while `kills` kills happen, and wait for the end of all."""
    started = time.monotonic()
    with fleet(store) as servers:
        heard = asyncio.run(_run(servers, jobs, kills, random.Random(seed)))
        with Client(servers.targets[0]) as client:
            stored = {job.id: job for job in client.jobs(page_size=1000)}
            wrong = [f"{len(stored)} jobs are stored, {jobs} were created"] if len(stored) != jobs else []
            for job_id, events in heard.items():
                if job_id in stored:
                    again = list(client.job(job_id).watch())
                    wrong += [f"{job_id}: {text}" for text in _wrong(stored[job_id], events, again)]
                else:
                    wrong.append(f"{job_id} is lost")
    ended = Counter(str(j.state) + (f", {j.error.reason}" if j.error else "") for j in stored.values())
    attempts = Counter(j.attempts for j in stored.values())
    return Outcome(store, jobs, ended, attempts, servers.killed, time.monotonic() - started, tuple(wrong))


async def _run(servers: Fleet, jobs: int, kills: int, draw: random.Random) -> dict[str, list[JobEvent]]:
    clients = [AsyncClient(target) for target in servers.targets]
    watches: dict[str, asyncio.Task[list[JobEvent]]] = {}
    async with asyncio.timeout(_END_SECONDS):
        for kill in range(kills):
            for number in range(kill * jobs // kills, (kill + 1) * jobs // kills):
                client = clients[number % len(clients)]
                watches[f"j{number}"] = asyncio.create_task(_follow(client, number))
            # Most kills while servers search, some while they start, at any instant of either.
            if draw.random() < _WARM_SHARE:
                await servers.until_warm()
            await asyncio.sleep(draw.uniform(*_PAUSE_SECONDS))
            servers.kill_something(draw)
        heard = dict(zip(watches, await asyncio.gather(*watches.values()), strict=True))
    for client in clients:
        await client.close()
    return heard


async def _follow(client: AsyncClient, number: int) -> list[JobEvent]:
    """Create a job, as often as it takes, and hear its events until it is final."""
    X, y = _data(number)
    while True:
        try:
            job = await client.submit(
                X, y, job_id=f"j{number}", request_id=f"r{number}", engine="none", budget=_BUDGET_SECONDS
            )
            break
        except Unavailable:
            await asyncio.sleep(0.2)
    return [event async for event in job.watch()]


def _data(number: int) -> tuple[np.ndarray, np.ndarray]:
    """What takes a search its whole budget: a law that is none of the simple ones, with noise."""
    rng = np.random.default_rng(number)
    X = rng.normal(size=(400, 6))
    return X, X[:, 0] * np.sin(3 * X[:, 1]) + np.tanh(X[:, 2] * X[:, 3]) + rng.normal(size=400)


def _wrong(job: Job, heard: Sequence[JobEvent], stored: Sequence[JobEvent]) -> Iterator[str]:
    if heard != stored:
        yield "the watcher heard something else than is stored"
    if [e.sequence for e in stored] != list(range(1, len(stored) + 1)):
        yield f"sequences {[e.sequence for e in stored]}"
    if len(stored) != job.last_sequence:
        yield f"{len(stored)} events of {job.last_sequence}"
    life = " ".join(str(e.state) for e in stored if e.state)
    if _LIFE.fullmatch(life) is None:
        yield f"its states are {life}"
    elif not life.endswith(str(job.state)):
        yield f"it ended {life} and is {job.state}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("bench.soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", choices=STORES, help="default: both")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table of docs/benchmarks.md")
    options = parser.parse_args(arguments)
    outcomes = []
    for store in [options.store] if options.store else STORES:
        outcome = soak(store, options.jobs, options.kills, options.seed)
        print(outcome, flush=True)
        outcomes.append(outcome)
    lines = markdown(("", *(o.store for o in outcomes)), _rows(outcomes))
    print("\n".join(lines))
    if any(o.wrong for o in outcomes):
        sys.exit(1)
    if options.write:
        replace_part(DOCUMENT, "soak", "\n".join(lines))


def _rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    ends = sorted({end for o in outcomes for end in o.ended}, reverse=True)
    rows = [
        ["jobs created", *(str(o.jobs) for o in outcomes)],
        ["killed: servers / workers / both", *(_killed(o) for o in outcomes)],
        ["ended once, events whole", *(str(o.ended.total() - len(o.wrong)) for o in outcomes)],
        ["lost, doubled or with events that are not whole", *(str(len(o.wrong)) for o in outcomes)],
    ]
    rows += [[f"— ended {end}", *(str(o.ended[end]) for o in outcomes)] for end in ends]
    rows += [["— at the second attempt", *(str(o.attempts[2]) for o in outcomes)]]
    return [*rows, ["seconds", *(f"{o.seconds:.0f}" for o in outcomes)]]


def _killed(outcome: Outcome) -> str:
    return " / ".join(str(outcome.killed[what]) for what in ("server", "worker", "both"))


if __name__ == "__main__":
    main()
