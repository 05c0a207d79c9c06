"""The server's side of worker processes: spawned, warm, supervised, replaced when they die."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import signal
import socket
import sys

import psutil
import structlog

from ansatz.service.executor import frames, process_tree
from ansatz.service.executor.frames import Frame, Kind
from ansatz.service.observability.metrics import WORKER_RESTARTS

_WARM_UP_SECONDS = 300.0
_MAX_BACKOFF_SECONDS = 30.0
_WATCH_SECONDS = 0.25
_REST_SECONDS = 10.0
# One search, one core: linear algebra that takes all cores for itself makes every other worker slower.
_ENVIRONMENT = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_log = structlog.get_logger()


class WorkerDiedError(Exception):
    """The worker process ended before its task did."""


class Worker:
    """One worker process. Send it a task, then receive frames until the last one of the task."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        self._root = psutil.Process(process.pid)
        self._tree: process_tree.Tree = frozenset()
        self._warm_tree, self._warm_bytes = self._tree, 0
        self._killed = False
        self.end_reason = "died"
        """Why the process is to end: one of few texts; by itself, unless it was killed."""
        self.rested = True
        """It has had no task since it was at rest."""
        self.exceeded_bytes = 0
        """The memory that it used when it was ended for using more than it may."""

    @classmethod
    async def spawn(cls, role: str) -> Worker:
        """Start a process in a session of its own: a terminal's signals pass it by, and its group can be killed."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "ansatz.service.executor.worker", role, str(theirs.fileno()),
                pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True, env=_ENVIRONMENT | os.environ,
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """The process can take a task. Its end shows in the stream before its status can be had."""
        return self._process.returncode is None and not self._killed and not self._reader.at_eof()

    async def send(self, kind: Kind, *payload: bytes) -> None:
        """Give it a task, whose payload may be in pieces: each is taken before the next one is written."""
        self.rested = False
        try:
            self._writer.write(frames.header(kind, sum(map(len, payload))))
            for piece in payload:
                self._writer.write(piece)
                await self._writer.drain()
        except OSError as error:
            raise WorkerDiedError from error

    async def receive(self) -> Frame:
        try:
            return await frames.receive(self._reader)
        except (asyncio.IncompleteReadError, OSError, frames.BrokenFrameError) as error:
            raise WorkerDiedError from error

    def ask_to_stop(self) -> None:
        """The task under way is to end soon with what it has."""
        with contextlib.suppress(OSError):
            self._writer.write(frames.packed(Kind.STOP))

    def measure(self, limit: int) -> int:
        """The memory in bytes that it holds with all that it started."""
        self._tree = process_tree.tree_of(self._root)
        return process_tree.resident_bytes(self._tree, limit)

    def watch(self, limit: int) -> None:
        """End it where it holds more memory than `limit` bytes."""
        if not self._killed and (used := self.measure(limit)) > limit:
            self.exceeded_bytes = used
            self.kill("memory")

    def become_warm(self, limit: int) -> None:
        """What it holds now is what it holds at rest."""
        self._warm_bytes, self._warm_tree = self.measure(limit), self._tree

    def fault_at_rest(self, limit: int) -> str:
        """What keeps it, after a task, from being as it was when it was warm; empty: nothing. It may keep half of the
        memory that it then had left: heaps grow to the size of the largest task, leaks without end."""
        kept = self.measure(limit)
        if self._tree - self._warm_tree:
            return "left_processes"
        return "kept_memory" if kept > (limit + self._warm_bytes) / 2 else ""

    def kill(self, reason: str) -> None:
        """End the process and every process that it started, at once; the first reason given is kept."""
        if not self._killed:
            self.end_reason = reason
        self._killed = True
        process_tree.kill(self._root, self._tree)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """Wait for the process's end; its exit status, negative for a signal."""
        status = await self._process.wait()
        self.kill(self.end_reason)
        self._writer.close()
        return status


class WorkerPool:
    """`size` warm workers of a role, each of which may hold `memory_bytes`. One that ends, holds more, or leaves a task
    in another state than it had when warm, is replaced; at growing intervals where it does not get warm."""

    def __init__(self, role: str, size: int, memory_bytes: int) -> None:
        self._role, self._size, self._memory_bytes = role, size, memory_bytes
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._workers: set[Worker] = set()
        self._warm_workers: set[Worker] = set()
        self._taken: set[Worker] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._resting: set[asyncio.Task[None]] = set()
        self._cold = size
        self._warm = asyncio.Event()

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How many workers search, or wait for a task, or are not warm yet, by role and state."""
        busy, warm = len(self._taken), len(self._warm_workers | self._taken)
        states = {"busy": busy, "idle": warm - busy, "starting": max(0, self._size - warm)}
        return {(self._role, state): number for state, number in states.items()}

    def start(self) -> None:
        """Spawn the workers; they warm up while the caller goes on. Does nothing the second time."""
        if not self._keepers:
            # In a context of its own: what is logged of workers is about no call, though one may have started them.
            blank = contextvars.Context
            self._keepers = [asyncio.create_task(self._keep(i), context=blank()) for i in range(self._size)]
            self._keepers.append(asyncio.create_task(self._watch(), context=blank()))

    async def warm(self) -> None:
        """Return once every worker has been warm."""
        await self._warm.wait()

    async def take(self) -> Worker:
        """A warm idle worker, as soon as there is one. Give it back."""
        while True:
            worker = await self._idle.get()
            if worker.alive:
                self._taken.add(worker)
                return worker

    def give_back(self, worker: Worker) -> None:
        self._taken.discard(worker)
        if worker.alive and worker.rested:
            self._idle.put_nowait(worker)
        elif worker.alive:
            resting = asyncio.create_task(self._rest(worker))
            self._resting.add(resting)
            resting.add_done_callback(self._resting.discard)

    def memory_exceeded(self, worker: Worker) -> str:
        """What to tell the caller whose task used too much memory."""
        used, limit = (n / 2**20 for n in (worker.exceeded_bytes, self._memory_bytes))
        return (
            f"the task used {used:.0f} MiB of memory; this server allows {limit:.0f} MiB (--worker-memory-mib): "
            "give fewer rows or columns"
        )

    async def close(self) -> None:
        """Kill every worker; no other takes its place."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for worker in self._workers:
            worker.kill("stopping")
        await asyncio.gather(*(worker.ended() for worker in self._workers))

    async def _keep(self, slot: int) -> None:
        failures, was_warm = 0, False
        while True:
            try:
                worker = await Worker.spawn(self._role)
            except (OSError, psutil.Error) as error:
                # Out of files, processes or memory: for now.
                failures += 1
                _log.error("a worker could not be started; trying again", role=self._role, slot=slot, exc_info=error)
                await asyncio.sleep(_backoff(failures))
                continue
            self._workers.add(worker)
            log = _log.bind(role=self._role, slot=slot, pid=worker.pid)
            if await self._gets_ready(worker, _WARM_UP_SECONDS):
                await asyncio.to_thread(worker.become_warm, self._memory_bytes)
                log.info("worker warm")
                failures = 0
                self._warm_workers.add(worker)
                if not was_warm:
                    was_warm = True
                    self._cold -= 1
                    if not self._cold:
                        self._warm.set()
                self._idle.put_nowait(worker)
            else:
                worker.kill("not_warm")
                failures += 1
            status = await worker.ended()
            self._workers.discard(worker)
            self._warm_workers.discard(worker)
            WORKER_RESTARTS.labels(self._role, worker.end_reason).inc()
            log.warning("worker ended", status=status, reason=worker.end_reason)
            if failures:
                await asyncio.sleep(_backoff(failures))

    async def _rest(self, worker: Worker) -> None:
        """A worker after its task: idle, or replaced."""
        fault = "hung"
        if await self._gets_ready(worker, _REST_SECONDS):
            fault = await asyncio.to_thread(worker.fault_at_rest, self._memory_bytes)
        if not fault:
            worker.rested = True
            self._idle.put_nowait(worker)
        elif worker.alive:
            worker.kill(fault)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await asyncio.to_thread(self._look_at, tuple(self._workers))
            except Exception as error:
                _log.error("the memory of workers could not be measured; trying again", exc_info=error)

    def _look_at(self, workers: tuple[Worker, ...]) -> None:
        for worker in workers:
            worker.watch(self._memory_bytes)

    async def _gets_ready(self, worker: Worker, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                kind, _ = await worker.receive()
        except (WorkerDiedError, TimeoutError):
            return False
        return kind is Kind.READY


def _backoff(failures: int) -> float:
    """Seconds before the next attempt after so many that failed one after the other."""
    return min(_MAX_BACKOFF_SECONDS, 0.5 * 2.0 ** min(failures, 10))
