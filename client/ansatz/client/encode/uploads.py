"""Problems that are too large for one message: their observations travel in pieces, before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ansatz.client.errors import InvalidRequest
from ansatz.v1 import discovery_service_pb2 as pb2
from ansatz.v1 import problem_pb2

# Every server takes a message of 1 MiB; its frame and the other fields need little.
_SMALL_BYTES: Final = 2**20 - 2**12
_BYTES_A_SECOND: Final = 2**20


def may_be_large(request: pb2.CreateJobRequest) -> bool:
    """Return whether it depends on the server that the request fits into a message."""
    return request.ByteSize() > _SMALL_BYTES


@dataclass(frozen=True)
class Upload:
    """The observations of a problem, serialized."""

    content: bytes

    def pieces(self) -> Iterator[pb2.UploadObservationsRequest]:
        for start in range(0, len(self.content), _SMALL_BYTES):
            yield pb2.UploadObservationsRequest(data=self.content[start : start + _SMALL_BYTES])

    @property
    def seconds(self) -> float:
        """Return what to allow for it beyond the time of any call."""
        return len(self.content) / _BYTES_A_SECOND


def needed(request: pb2.CreateJobRequest, limits: pb2.Limits) -> Upload | None:
    """Return what is to be uploaded before the request.

    None where it fits into a message, or the server takes no uploads. Raises InvalidRequest where it is too large for
    an upload too.
    """
    size = request.ByteSize()
    if size <= limits.max_message_bytes or not limits.max_upload_bytes:
        return None
    if size > limits.max_upload_bytes:
        most = limits.max_upload_bytes
        raise InvalidRequest.of("X", f"takes {size} bytes; the server takes {most}: give fewer rows or columns")
    observations = problem_pb2.Problem()
    observations.CopyFrom(request.problem)
    observations.ClearField("options")
    return Upload(observations.SerializeToString(deterministic=True))


def with_upload(request: pb2.CreateJobRequest, name: str) -> pb2.CreateJobRequest:
    """Return the request with the upload of that name in place of its observations."""
    return pb2.CreateJobRequest(
        problem=problem_pb2.Problem(options=request.problem.options),
        job_id=request.job_id,
        request_id=request.request_id,
        continue_job=request.continue_job,
        upload=name,
    )
