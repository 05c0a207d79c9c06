"""From the queue through a worker to the final state."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence

import structlog
from google.rpc import error_details_pb2
from sqlalchemy.exc import DBAPIError

from ansatz.service.executor.frames import Frame, Kind, in_pieces
from ansatz.service.executor.worker_pool import Worker, WorkerDiedError, WorkerPool
from ansatz.service.jobs.watch import EventHub
from ansatz.service.limits.limits import MAX_ATTEMPTS, READING_SECONDS, hard_limit
from ansatz.service.observability.metrics import QUEUE_SECONDS, SEARCH_SECONDS
from ansatz.service.observability.tracing import Span
from ansatz.service.store import Lease, LeaseLostError, Queue, Renewal, Started, Store, StoreUnreachableError
from ansatz.service.wire.times import seconds_of
from ansatz.v1 import job_pb2, report_pb2

_log = structlog.get_logger()


class Run:
    """A job on a worker, which is killed where the search does not end in time."""

    def __init__(self, started: Started, worker: Worker) -> None:
        self.started, self.worker = started, worker
        self.log = _log.bind(job=self.job_id, caller=started.owner, worker=worker.pid)
        self.cancelled = False
        self.overran = False
        self._searching = False
        self._limit: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def job_id(self) -> str:
        return self.started.lease.job_id

    @property
    def lease(self) -> Lease:
        return self.started.lease

    async def begin(self, problem: Sequence[bytes]) -> None:
        """Send the search to the worker; `problem` is in pieces."""
        self.limit(READING_SECONDS)
        about = ([self.started.start], [self.started.traceparent.encode()])
        await self.worker.send(Kind.SEARCH, *in_pieces(problem, *about))
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
    """Takes jobs from the queue whenever a worker is idle, and stores what the workers find."""

    def __init__(self, store: Store, queue: Queue, pool: WorkerPool, hub: EventHub, grace_seconds: float) -> None:
        self._store, self._queue, self._pool, self._hub, self._grace = store, queue, pool, hub, grace_seconds
        self._filled = asyncio.Event()
        self._runs: set[Run] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def leases(self) -> list[Lease]:
        """Of the jobs that run here."""
        return [run.lease for run in self._runs]

    def start(self) -> None:
        self._dispatcher = asyncio.create_task(self._dispatch())

    def wake(self) -> None:
        """A job may be waiting."""
        self._filled.set()

    async def cancel(self, job_id: str) -> None:
        """End the job where it waits, or ask its search to stop, wherever it runs. Does nothing where it is final."""
        if event := await self._store.request_cancel(job_id):
            self._hub.publish(job_id, event)
        self.stop(job_id)

    def stop(self, job_id: str) -> None:
        """Ask the search of a job to stop, if it runs here."""
        for run in self._runs:
            if run.job_id == job_id:
                run.cancel(self._grace)

    def heed(self, renewal: Renewal) -> None:
        """Do what a heartbeat told: give up jobs that another server has, stop those that were cancelled."""
        for run in self._runs:
            if run.lease in renewal.lost:
                run.worker.kill("lease_lost")
            elif run.lease in renewal.cancelled:
                run.cancel(self._grace)

    async def drain(self, seconds: float) -> None:
        """Give no more jobs to workers; return when the searches that run have ended, or after `seconds`."""
        self._dispatcher.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Stop every search at once; the jobs wait in the store for another server, or the next."""
        self._closing = True
        self._dispatcher.cancel()
        for run in self._runs:
            run.worker.kill("stopping")
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _dispatch(self) -> None:
        while True:
            await self._filled.wait()
            worker = await self._pool.take()
            # Shielded: a claim under way must not be forgotten when the server stops.
            await asyncio.shield(self._task(self._claim(worker)))

    def _task(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _claim(self, worker: Worker) -> None:
        """Run the next job on a worker; without one, wait until `wake`."""
        self._filled.clear()
        try:
            started = await self._queue.claim()
        except Exception as error:
            _log.error("no job could be taken; trying again at the next heartbeat", exc_info=error)
            started = None
        if started is None:
            self._pool.give_back(worker)
            return
        self.wake()
        run = Run(started, worker)
        self._runs.add(run)
        if self._closing:
            worker.kill("stopping")
        self._task(self._run(run))

    async def _run(self, run: Run) -> None:
        try:
            started = run.started
            self._hub.publish(run.job_id, started.event)
            run.log.info("job started", attempt=started.attempts)
            if started.attempts == 1:
                QUEUE_SECONDS.observe(started.waited_seconds)
                waited = Span("queue", started.traceparent, {"ansatz.job": run.job_id}, since=started.waited_seconds)
                waited.end()
            try:
                with SEARCH_SECONDS.time():
                    last = await self._search(run)
            except WorkerDiedError:
                await self._worker_died(run)
            else:
                await self._finish_as_told(run, *last)
        except LeaseLostError:
            run.log.warning("job given up: its lease was lost")
            run.worker.kill("lease_lost")
        except (DBAPIError, StoreUnreachableError) as error:
            # Another server, or this one, takes it up when the lease has run out.
            run.log.error("job broken off: the store failed", exc_info=error)
            run.worker.kill("broken_off")
        except Exception as error:
            run.log.error("job broken off", exc_info=error)
            run.worker.kill("broken_off")
            with contextlib.suppress(LeaseLostError, DBAPIError, StoreUnreachableError):
                await self._fail(run, "INTERNAL", "the server failed at this job; its log says how")
        finally:
            run.end()
            self._runs.discard(run)
            self._pool.give_back(run.worker)

    async def _search(self, run: Run) -> Frame:
        """The last frame of the search; what comes before it is stored and told as it comes."""
        await run.begin(await self._queue.problem(run.started))
        while True:
            kind, payload = await run.worker.receive()
            match kind:
                case Kind.BEGUN:
                    run.limit(hard_limit(seconds_of(run.started.options.budget)))
                case Kind.PROGRESS:
                    await self._tell(run, job_pb2.JobEvent(progress=job_pb2.Progress.FromString(payload)))
                case Kind.FRONT:
                    await self._tell(run, job_pb2.JobEvent(front=job_pb2.Front.FromString(payload)))
                case Kind.TRACE:
                    run.log.error("search failed", where=payload.decode())
                case _:
                    return kind, payload

    async def _tell(self, run: Run, event: job_pb2.JobEvent) -> None:
        self._hub.publish(run.job_id, await self._queue.append(run.lease, event))

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

    async def _worker_died(self, run: Run) -> None:
        if run.cancelled:
            await self._finish(run, job_pb2.JOB_STATE_CANCELLED)
        elif run.worker.exceeded_bytes:
            await self._fail(run, "MEMORY_LIMIT", self._pool.memory_exceeded(run.worker))
        elif run.overran:
            await self._finish_overrun(run)
        elif self._closing:
            await self._requeue(run, count_attempt=False)
        elif run.started.attempts < MAX_ATTEMPTS:
            await self._requeue(run, count_attempt=True)
            self.wake()
        else:
            message = (
                f"the worker process died during the search, {run.started.attempts} times; "
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
        self._hub.publish(run.job_id, await self._queue.requeue(run.lease, count_attempt))

    async def _fail(self, run: Run, reason: str, message: str) -> None:
        run.log.warning("job failed", reason=reason)
        error = job_pb2.JobError(reason=reason, message=message)
        event = await self._queue.finish(run.lease, job_pb2.JOB_STATE_FAILED, error=error)
        self._hub.publish(run.job_id, event)

    async def _finish(
        self, run: Run, state: job_pb2.JobState.ValueType, report: report_pb2.Report | None = None
    ) -> None:
        self._hub.publish(run.job_id, await self._queue.finish(run.lease, state, report))
        run.log.info("job finished", state=job_pb2.JobState.Name(state))
