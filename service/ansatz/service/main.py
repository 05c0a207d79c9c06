"""Run a server until it is told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ansatz.service.executor.worker_pool import WorkerPool
from ansatz.service.logs import configure_logs
from ansatz.service.observability import tracing
from ansatz.service.settings import Settings

if TYPE_CHECKING:
    from ansatz.service.observability.exposition import Exposition
    from ansatz.service.server import Server

_log = structlog.get_logger()


def main(arguments: Sequence[str] | None = None) -> None:
    """``python -m ansatz.service``. Exits with 2 where a setting is wrong, with 1 where the server cannot start."""
    try:
        settings = Settings(_cli_parse_args=list(sys.argv[1:] if arguments is None else arguments))  # type: ignore[call-arg]
    except ValidationError as error:
        problems = "; ".join(": ".join([*map(str, e["loc"]), _reason(e)]) for e in error.errors())
        sys.exit(_exit(2, problems))
    try:
        serve(settings)
    except (OSError, RuntimeError) as error:
        sys.exit(_exit(1, str(error)))


def _reason(error: ErrorDetails) -> str:
    return error["msg"].removeprefix("Value error, ")


def _exit(status: int, message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, and then let running searches end, unless a second signal comes; or with
    `exit_with_parent` until standard input ends.

    Prints one line ``listening ADDRESS`` on standard output once calls are accepted. Raises RuntimeError where the
    address or the data directory cannot be had.
    """
    configure_logs(settings)
    tracing.configure()
    with _only_server_of(settings.lock_file):
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    asyncio.get_running_loop().set_exception_handler(_log_failed_task)
    memory = settings.worker_memory_bytes
    searchers, evaluators = WorkerPool("search", settings.workers, memory), WorkerPool("evaluate", 1, memory)
    searchers.start()
    stop = _Stop(settings)
    await asyncio.sleep(0)
    # Imported here: the workers warm up meanwhile.
    from ansatz.service.server import Server

    _log.info("starting", **settings.model_dump(mode="json"))
    server = Server(settings, searchers, evaluators)
    try:
        exposition = _tell_metrics(settings, server)
        address = await server.start()
    except BaseException:
        await searchers.close()
        raise
    print(f"listening {address}", flush=True)
    _log.info("listening", address=address)
    if exposition:
        print(f"metrics {exposition.url}", flush=True)
        _log.info("metrics", url=exposition.url)
    await stop.asked.wait()
    _log.info("draining", seconds=settings.drain_seconds)
    await _first(server.drain(), stop.at_once.wait())
    _log.info("stopping")
    if exposition:
        await asyncio.to_thread(exposition.close)
    await server.stop()
    _log.info("stopped")


def _tell_metrics(settings: Settings, server: Server) -> Exposition | None:
    """Tell metrics where the settings ask for it. Raises RuntimeError where the address cannot be had."""
    if settings.metrics_address is None:
        return None
    from ansatz.service.observability.exposition import Exposition

    try:
        return Exposition(*settings.metrics_address, server.state)
    except OSError as error:
        raise RuntimeError(f"metrics cannot be told on {settings.metrics}: {error.strerror}") from error


def _log_failed_task(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """In place of asyncio's own handler, whose text quotes the error."""
    _log.error("task failed", exc_info=context.get("exception"))


class _Stop:
    """What ends the server: SIGTERM or SIGINT ask for it, a second one wants it at once, as does the parent's end."""

    def __init__(self, settings: Settings) -> None:
        self.asked, self.at_once = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask)
        if settings.exit_with_parent:
            _on_end_of_input(loop, self._want_at_once)

    def _ask(self) -> None:
        (self.at_once if self.asked.is_set() else self.asked).set()

    def _want_at_once(self) -> None:
        self.asked.set()
        self.at_once.set()


async def _first(*works: Coroutine[Any, Any, object]) -> None:
    """Return when the first of them has ended; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def _on_end_of_input(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call `stop` when standard input ends, as a pipe does when its other end's process dies, however it dies."""

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin)
            stop()

    try:
        loop.add_reader(sys.stdin, read)
    except (OSError, ValueError) as error:
        raise RuntimeError("--exit-with-parent needs a pipe on standard input") from error


@contextmanager
def _only_server_of(lock_file: Path | None) -> Iterator[None]:
    """Hold the database that is one server's alone. Raises RuntimeError where another one has it."""
    if lock_file is None:
        yield
        return
    lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"another server uses {lock_file.parent}; stop it, give another --data-dir, or for several servers "
                "on one store a --store on PostgreSQL"
            ) from None
        yield
