"""Observations too large for one message: taken in pieces, kept for the job that will use them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator

import structlog
from google.rpc import code_pb2

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.service import errors
from ansatz.service.access import Caller
from ansatz.service.limits.limits import MAX_UPLOADS_PER_CALLER, UPLOAD_KEPT_SECONDS, UPLOAD_PAUSE_SECONDS, Limits
from ansatz.service.store import TooManyUploadsError, UploadStore
from ansatz.service.wire.resources import upload_id_of, upload_name
from ansatz.v1 import discovery_service_pb2 as pb

_STORED_BYTES = 2**20
_SWEEP_SECONDS = 60.0
_log = structlog.get_logger()


class Uploads:
    """Uploads by id. Methods raise ServiceError and InvalidInputError."""

    def __init__(self, store: UploadStore, limits: Limits) -> None:
        self._store, self._limits = store, limits

    def start(self) -> None:
        """Delete what expires, from now on."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        self._sweeper.cancel()
        await asyncio.gather(self._sweeper, return_exceptions=True)

    async def receive(
        self, requests: AsyncIterator[pb.UploadObservationsRequest], caller: Caller
    ) -> pb.UploadObservationsResponse:
        """Store the pieces of a stream. One that breaks off, stalls or is too long leaves nothing behind."""
        try:
            number = await self._store.begin(caller.name, MAX_UPLOADS_PER_CALLER, 2 * UPLOAD_PAUSE_SECONDS)
        except TooManyUploadsError as error:
            raise errors.exhausted(
                "TOO_MANY_UPLOADS",
                f"you have {MAX_UPLOADS_PER_CALLER} uploads that no job has used; use one, or wait until one expires",
                error.seconds,
            ) from None
        try:
            digest, size = await self._store_pieces(number, requests)
            upload_id = f"{digest[:32]}-{secrets.token_hex(8)}"
            expiry = await self._store.complete(number, upload_id, UPLOAD_KEPT_SECONDS)
        except BaseException:
            # Shielded: also where the caller has gone away.
            await asyncio.shield(asyncio.create_task(self._store.drop(number)))
            raise
        _log.info("observations uploaded", upload=upload_id, bytes=size)
        response = pb.UploadObservationsResponse(name=upload_name(upload_id), size_bytes=size)
        response.expire_time.FromMicroseconds(expiry)
        return response

    async def content(self, name: str, caller: Caller) -> tuple[str, bytes]:
        """The id and the bytes of the caller's upload of a name."""
        upload_id = upload_id_of(name, "upload")
        owner = await self._store.owner(upload_id)
        if owner is None or not caller.owns(owner):
            raise errors.upload_not_found(name)
        return upload_id, await self._store.content(upload_id)

    async def _store_pieces(
        self, number: int, requests: AsyncIterator[pb.UploadObservationsRequest]
    ) -> tuple[str, int]:
        """The digest and the size of what came."""
        digest, size, place, waiting, stored = hashlib.sha256(), 0, 0, bytearray(), time.monotonic()
        async for data in _in_time(requests):
            size += len(data)
            if size > self._limits.max_upload_bytes:
                text = f"is larger than {self._limits.max_upload_bytes} bytes; give fewer rows or columns"
                raise InvalidInputError([Violation("data", text)])
            digest.update(data)
            waiting += data
            # Also where little comes, so that it does not expire meanwhile.
            if len(waiting) >= _STORED_BYTES or time.monotonic() - stored > UPLOAD_PAUSE_SECONDS:
                await self._store.append(number, place, bytes(waiting), 2 * UPLOAD_PAUSE_SECONDS)
                place, stored = place + 1, time.monotonic()
                waiting.clear()
        if not size:
            raise InvalidInputError([Violation("data", "is empty; send a serialized ansatz.v1.Problem in pieces")])
        await self._store.append(number, place, bytes(waiting), 2 * UPLOAD_PAUSE_SECONDS)
        return digest.hexdigest(), size

    async def _sweep(self) -> None:
        while True:
            try:
                if expired := await self._store.delete_expired():
                    _log.info("uploads expired", number=expired)
            except Exception as error:
                _log.error("expired uploads could not be deleted; trying again later", exc_info=error)
            await asyncio.sleep(_SWEEP_SECONDS)


async def _in_time(requests: AsyncIterator[pb.UploadObservationsRequest]) -> AsyncIterator[bytes]:
    """The pieces as they come. Raises ServiceError where the next one does not come in time."""
    while True:
        try:
            async with asyncio.timeout(UPLOAD_PAUSE_SECONDS):
                request = await anext(requests, None)
        except TimeoutError:
            text = f"no piece came for {UPLOAD_PAUSE_SECONDS:g} s; upload the observations again"
            raise errors.ServiceError(code_pb2.DEADLINE_EXCEEDED, "UPLOAD_STALLED", text) from None
        if request is None:
            return
        yield request.data
