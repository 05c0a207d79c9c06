"""The life of jobs, as callers see it: created, watched, cancelled, deleted."""

from __future__ import annotations

import asyncio
import math

import structlog
from google.rpc import code_pb2

from ansatz.service import errors
from ansatz.service.access import Caller, Role
from ansatz.service.jobs.continuing import EndedJob, find_ended
from ansatz.service.jobs.runner import Runner
from ansatz.service.jobs.uploads import Uploads
from ansatz.service.jobs.validation import Body, request_key, validated
from ansatz.service.jobs.watch import EventHub
from ansatz.service.limits.limits import MAX_REQUEST_ID_LENGTH, Limits
from ansatz.service.store import FINAL_STATES, CallerFullError, NewJob, QueueFullError, Store, UploadGoneError
from ansatz.service.wire.resources import job_name, upload_name
from ansatz.v1 import discovery_service_pb2, job_pb2

_log = structlog.get_logger()
_MAX_RETRY_SECONDS = 60


class Jobs:
    """Jobs by id. Methods raise ServiceError, InvalidInputError or EngineNotReadyError."""

    def __init__(
        self, store: Store, hub: EventHub, runner: Runner, uploads: Uploads, *, limits: Limits, grace_seconds: float
    ) -> None:
        self._store, self._hub, self._runner, self._uploads, self._limits = store, hub, runner, uploads, limits
        self._grace = grace_seconds

    async def create(self, request: discovery_service_pb2.CreateJobRequest, caller: Caller) -> job_pb2.Job:
        """Validate, store, queue. The same request_id and body give the same job."""
        if request.request_id:
            structlog.contextvars.bind_contextvars(request_id=request.request_id[:MAX_REQUEST_ID_LENGTH])
        body = await asyncio.to_thread(Body.of, request)
        if request.request_id and (job := await self._made_before(request.request_id, body, caller)):
            return job
        # Here too, so that what there is no place for costs nothing more.
        crowd = await self._store.crowd(caller.name)
        if crowd.queued >= self._limits.max_queued_jobs:
            raise await self._queue_full()
        if crowd.of_owner >= self._limits.max_jobs_per_caller:
            raise await self._caller_full(caller.name)
        name = request.continue_job
        continued = await self.ended(name, caller, "continue_job") if name else None
        upload = await self._uploads.content(request.upload, caller) if request.upload else None
        new = await asyncio.to_thread(
            validated, request, body, self._limits, caller.name, upload=upload, continued=continued
        )
        if await self._admit(new):
            return await self.get(new.id, caller)
        if request.request_id and (job := await self._made_before(request.request_id, body, caller)):
            return job
        raise errors.already_exists("JOB_ID_TAKEN", f"there is a job {new.id!r} already; give another job_id")

    async def get(self, job_id: str, caller: Caller) -> job_pb2.Job:
        """The job; another caller's is not there."""
        found = await self._store.get(job_id)
        if found is None or not caller.owns(found.owner):
            raise errors.not_found(job_name(job_id))
        structlog.contextvars.bind_contextvars(job=job_id)
        return found.job

    async def ended(self, name: str, caller: Caller, field: str) -> EndedJob:
        """The final job of a name, with its problem and its front."""
        return await find_ended(name, self._store, caller, field)

    async def page(self, caller: Caller, before: int | None, size: int) -> tuple[list[job_pb2.Job], int | None]:
        """As Store.page, of the jobs that are there for the caller."""
        return await self._store.page(None if caller.role is Role.ADMIN else caller.name, before, size)

    async def wait(self, job_id: str, caller: Caller, timeout: float) -> job_pb2.Job:
        """The caller's job when it is final or `timeout` seconds are over."""
        with self._hub.place():
            await self._hub.wait_final(job_id, timeout)
        return await self.get(job_id, caller)

    async def reported(self, job_id: str, caller: Caller, rank: int) -> tuple[bytes, bytes]:
        """A job's problem and its report, serialized. Raises ServiceError where no candidate has the rank."""
        job, problem = await self.get(job_id, caller), await self._store.problem(job_id)
        if problem is None or rank not in [c.rank for c in job.report.candidates]:
            text = f"{job_name(job_id)} has {len(job.report.candidates)} candidates, none of rank {rank}"
            raise errors.ServiceError(code_pb2.NOT_FOUND, "NO_SUCH_CANDIDATE", text)
        return problem.SerializeToString(), job.report.SerializeToString()

    async def cancel(self, job_id: str, caller: Caller) -> job_pb2.Job:
        """Ask the search to stop and wait until it has: a fraction of a second, or else until it is killed."""
        job = await self.get(job_id, caller)
        if job.state in FINAL_STATES:
            return job
        _log.info("cancel asked")
        await asyncio.shield(asyncio.create_task(self._runner.cancel(job_id)))
        await self._hub.wait_final(job_id, self._grace + 1.0)
        return await self.get(job_id, caller)

    async def delete(self, job_id: str, caller: Caller) -> None:
        await self.cancel(job_id, caller)
        await self._store.delete(job_id)
        self._hub.forget(job_id)
        _log.info("job deleted")

    async def _admit(self, new: NewJob) -> bool:
        """Store and queue the job; False where its id or request_id is taken."""
        try:
            event = await self._store.create(new, self._limits.max_queued_jobs, self._limits.max_jobs_per_caller)
        except QueueFullError:
            raise await self._queue_full() from None
        except CallerFullError:
            raise await self._caller_full(new.owner) from None
        except UploadGoneError:
            raise errors.upload_not_found(upload_name(new.upload)) from None
        if event is None:
            return False
        self._hub.publish(new.id, event)
        self._runner.wake()
        _log.info("job queued", job=new.id, rows=new.data.rows, inputs=len(new.data.inputs))
        return True

    async def _made_before(self, request_id: str, body: Body, caller: Caller) -> job_pb2.Job | None:
        made = await self._store.find_request(request_key(request_id, caller.name))
        if made is None:
            return None
        if made.fingerprint != body.fingerprint:
            raise errors.already_exists(
                "REQUEST_ID_TAKEN",
                f"request_id {request_id!r} came with another body before; give a new one for a new job",
            )
        return await self.get(made.job_id, caller)

    async def _queue_full(self) -> errors.ServiceError:
        most = self._limits.max_queued_jobs
        message = f"{most} jobs wait for a worker already; try again later"
        return errors.exhausted("QUEUE_FULL", message, await self._retry_seconds(None))

    async def _caller_full(self, owner: str) -> errors.ServiceError:
        most = self._limits.max_jobs_per_caller
        message = f"you have {most} jobs that wait or run already; wait for the end of one, or cancel one"
        return errors.exhausted("TOO_MANY_JOBS", message, await self._retry_seconds(owner))

    async def _retry_seconds(self, owner: str | None) -> int:
        """When there may be a place: as soon as jobs ended one after the other lately."""
        between = await self._store.seconds_between_ends(owner)
        return _MAX_RETRY_SECONDS if between is None else min(_MAX_RETRY_SECONDS, max(1, math.ceil(between)))
