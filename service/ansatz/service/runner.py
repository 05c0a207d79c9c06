"""From the queue through a worker to the final state."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from google.rpc import error_details_pb2

from ansatz.service import convert
from ansatz.service.executor.frames import Frame, Kind, joined
from ansatz.service.executor.worker_pool import Worker, WorkerDiedError, WorkerPool
from ansatz.service.limits import MAX_ATTEMPTS, READING_SECONDS, hard_limit
from ansatz.service.observability.metrics import QUEUE_SECONDS, SEARCH_SECONDS
from ansatz.service.store import Started, Store
from ansatz.service.watch import EventHub
from ansatz.v1 import job_pb2, report_pb2

_log = structlog.get_logger()


class Run:
    """A job on a worker, which is killed where the search does not end in time."""

    def __init__(self, job_id: str, worker: Worker) -> None:
        self.job_id, self.worker = job_id, worker
        self.log = _log.bind(job=job_id, worker=worker.pid)
        self.cancelled = False
        self.overran = False
        self._searching = False
        self._limit: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def begin(self, started: Started) -> None:
        """Send the search to the worker."""
        self.limit(READING_SECONDS)
        await self.worker.send(Kind.SEARCH, joined(started.problem, started.start))
        self._searching = True
        if self.cancelled:
            self.worker.ask_to_stop()

    def cancel(self, grace_seconds: float) -> None:
        """Ask the search to stop; kill it where it has not after `grace_seconds`."""
        if not self.cancelled:
            self.cancelled = True
            if self._searching:
                self.worker.ask_to_stop()
            self._patience = asyncio.get_running_loop().call_later(grace_seconds, self.worker.kill, "cancelled")

    def limit(self, seconds: float) -> None:
        """Kill the worker where the search has not ended `seconds` from now."""
        if self._limit:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(seconds, self._overrun)

    def end(self) -> None:
        """The worker is free for another job."""
        for timer in (self._limit, self._patience):
            if timer:
                timer.cancel()

    def _overrun(self) -> None:
        self.overran = True
        self.worker.kill("overran")


class Runner:
    """Gives queued jobs to idle workers, first come first served, and stores what the workers find."""

    def __init__(self, store: Store, pool: WorkerPool, hub: EventHub, grace_seconds: float) -> None:
        self._store, self._pool, self._hub, self._grace = store, pool, hub, grace_seconds
        # A dict for its order: jobs leave from the front, or from anywhere when they are cancelled.
        self._queue: dict[str, None] = {}
        self._filled = asyncio.Event()
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def queued(self) -> int:
        """Jobs that wait for a worker."""
        return len(self._queue)

    def start(self) -> None:
        self._dispatcher = asyncio.create_task(self._dispatch())

    def submit(self, job_id: str) -> None:
        """Queue a job whose state is QUEUED."""
        self._queue[job_id] = None
        self._filled.set()

    async def cancel(self, job_id: str) -> None:
        """Take the job from the queue, or ask its search to stop. Does nothing where it is final."""
        if job_id in self._queue:
            del self._queue[job_id]
            self._hub.publish(job_id, await self._store.finish(job_id, job_pb2.JOB_STATE_CANCELLED))
        elif job_id in self._runs:
            await self._store.request_cancel(job_id)
            if run := self._runs.get(job_id):
                run.cancel(self._grace)

    async def drain(self, seconds: float) -> None:
        """Give no more jobs to workers; return when the searches that run have ended, or after `seconds`."""
        self._dispatcher.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def close(self) -> None:
        """Stop every search at once; the jobs wait in the store for the next server."""
        self._closing = True
        self._dispatcher.cancel()
        for run in self._runs.values():
            run.worker.kill("stopping")
        await asyncio.gather(*self._tasks)

    async def _dispatch(self) -> None:
        while True:
            await self._filled.wait()
            worker = await self._pool.take()
            job_id = next(iter(self._queue), None)
            if job_id is None:
                self._filled.clear()
                self._pool.give_back(worker)
                continue
            del self._queue[job_id]
            self._runs[job_id] = run = Run(job_id, worker)
            task = asyncio.create_task(self._run(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, run: Run) -> None:
        try:
            started = await self._store.start(run.job_id)
            self._hub.publish(run.job_id, started.event)
            run.log = run.log.bind(caller=started.owner)
            run.log.info("job started", attempt=started.attempts)
            if started.attempts == 1:
                QUEUE_SECONDS.observe(started.waited_seconds)
            try:
                with SEARCH_SECONDS.time():
                    last = await self._search(run, started)
            except WorkerDiedError:
                await self._worker_died(run, started)
            else:
                await self._finish_as_told(run, *last)
        except Exception as error:
            run.log.error("job broken off", exc_info=error)
            run.worker.kill("broken_off")
            # Where the store fails again, for example on a full disk, the job is taken up at the next start.
            with contextlib.suppress(Exception):
                await self._fail(run, "INTERNAL", "the server failed at this job; its log says how")
        finally:
            run.end()
            del self._runs[run.job_id]
            self._pool.give_back(run.worker)

    async def _search(self, run: Run, started: Started) -> Frame:
        """The last frame of the search; what comes before it is stored and told as it comes."""
        await run.begin(started)
        while True:
            kind, payload = await run.worker.receive()
            match kind:
                case Kind.BEGUN:
                    run.limit(hard_limit(convert.seconds(started.options.budget)))
                case Kind.PROGRESS:
                    await self._tell(run, job_pb2.JobEvent(progress=job_pb2.Progress.FromString(payload)))
                case Kind.FRONT:
                    await self._tell(run, job_pb2.JobEvent(front=job_pb2.Front.FromString(payload)))
                case Kind.TRACE:
                    run.log.error("search failed", where=payload.decode())
                case _:
                    return kind, payload

    async def _tell(self, run: Run, event: job_pb2.JobEvent) -> None:
        self._hub.publish(run.job_id, await self._store.append(run.job_id, event))

    async def _finish_as_told(self, run: Run, kind: Kind, payload: bytes) -> None:
        if kind is Kind.REPORT:
            state = job_pb2.JOB_STATE_CANCELLED if run.cancelled else job_pb2.JOB_STATE_SUCCEEDED
            await self._finish(run, state, report_pb2.Report.FromString(payload))
        elif kind is Kind.INVALID:
            bad = error_details_pb2.BadRequest.FromString(payload)
            message = "; ".join(f"{v.field}: {v.description}" for v in bad.field_violations)
            await self._fail(run, "INVALID_INPUT", message)
        else:
            error = job_pb2.JobError.FromString(payload)
            await self._fail(run, error.reason, error.message)

    async def _worker_died(self, run: Run, started: Started) -> None:
        if run.cancelled:
            await self._finish(run, job_pb2.JOB_STATE_CANCELLED)
        elif run.worker.exceeded_bytes:
            await self._fail(run, "MEMORY_LIMIT", self._pool.memory_exceeded(run.worker))
        elif run.overran:
            await self._finish_overrun(run)
        elif self._closing:
            await self._requeue(run, count_attempt=False)
        elif started.attempts < MAX_ATTEMPTS:
            await self._requeue(run, count_attempt=True)
            self.submit(run.job_id)
        else:
            message = (
                f"the worker process died during the search, {started.attempts} times; "
                "a usual cause is memory: give fewer rows"
            )
            await self._fail(run, "WORKER_DIED", message)

    async def _finish_overrun(self, run: Run) -> None:
        """The search was killed at the hard limit: its last front counts, if there was one."""
        found = await self._store.get(run.job_id)
        if found is None or not found.job.report.candidates:
            message = "the search had found nothing at the end of its budget and did not stop; give it more time"
            await self._fail(run, "BUDGET_OVERRUN", message)
            return
        message = "The search did not stop at the end of its budget and was ended; these are its last candidates."
        found.job.report.warnings.add(code="SEARCH_ABANDONED", message=message)
        await self._finish(run, job_pb2.JOB_STATE_SUCCEEDED, found.job.report)

    async def _requeue(self, run: Run, count_attempt: bool) -> None:
        run.log.warning("worker ended during the search; job requeued")
        self._hub.publish(run.job_id, await self._store.requeue(run.job_id, count_attempt))

    async def _fail(self, run: Run, reason: str, message: str) -> None:
        run.log.warning("job failed", reason=reason)
        error = job_pb2.JobError(reason=reason, message=message)
        event = await self._store.finish(run.job_id, job_pb2.JOB_STATE_FAILED, error=error)
        self._hub.publish(run.job_id, event)

    async def _finish(
        self, run: Run, state: job_pb2.JobState.ValueType, report: report_pb2.Report | None = None
    ) -> None:
        self._hub.publish(run.job_id, await self._store.finish(run.job_id, state, report))
        run.log.info("job finished", state=job_pb2.JobState.Name(state))
