"""Frames between the server and a worker: one byte of kind, four of length, then serialized protobuf bytes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import BinaryIO

_HEADER = struct.Struct("<BI")
_LENGTH = struct.Struct("<I")
Frame = tuple["Kind", bytes]


class BrokenFrameError(ValueError):
    """Bytes that are no frame: the other side is not what it should be."""


class Kind(IntEnum):
    """What a frame holds."""

    # To the worker.
    SEARCH = 1  # three parts: ansatz.v1.Problem, ansatz.v1.Front of the formulas to try first, a traceparent
    EVALUATE = 2  # ansatz.v1.EvaluateFormulaRequest
    COMPARE = 4  # ansatz.v1.CompareFormulasRequest
    PREDICT = 7  # three parts: ansatz.v1.Problem, the Report on it, and PredictCurvesRequest
    PROPOSE = 5  # three parts: ansatz.v1.ProposeExperimentsRequest, Problem, and Front of the job
    RENDER = 6  # three parts: ansatz.v1.Problem, ansatz.v1.Report, ansatz.v1.RenderPlotRequest
    STOP = 3  # nothing: the task sent last is to stop and keep what it found
    # From the worker.
    READY = 10  # nothing: warm, and after each task at rest
    BEGUN = 14  # nothing: the data are read, the budget counts from now
    PROGRESS = 11  # ansatz.v1.Progress
    FRONT = 12  # ansatz.v1.Front
    TRACE = 13  # UTF-8 text for the log: where an error arose
    # From the worker, the last frame of a task.
    REPORT = 20  # ansatz.v1.Report
    ANSWER = 21  # the response to what EVALUATE, COMPARE, PROPOSE, PREDICT or RENDER asked
    INVALID = 22  # google.rpc.BadRequest
    FAILED = 23  # ansatz.v1.JobError


def packed(kind: Kind, payload: bytes = b"") -> bytes:
    return header(kind, len(payload)) + payload


def header(kind: Kind, length: int) -> bytes:
    """What comes before a payload of so many bytes."""
    return _HEADER.pack(kind, length)


def joined(*parts: bytes) -> bytes:
    """One payload of several parts."""
    return b"".join(in_pieces(*([part] for part in parts)))


def in_pieces(*parts: Sequence[bytes]) -> list[bytes]:
    """As joined, of parts that are in pieces themselves; nothing is copied."""
    return [piece for part in parts for piece in (_LENGTH.pack(sum(map(len, part))), *part)]


def parted(payload: bytes) -> list[bytes]:
    """The parts of a payload. Raises BrokenFrameError where it ends within one."""
    parts: list[bytes] = []
    place = 0
    while place < len(payload):
        start = place + _LENGTH.size
        if start > len(payload):
            raise BrokenFrameError("a payload ends within the length of a part")
        (length,) = _LENGTH.unpack_from(payload, place)
        place = start + length
        if place > len(payload):
            raise BrokenFrameError("a payload ends within a part")
        parts.append(payload[start:place])
    return parts


async def receive(reader: asyncio.StreamReader) -> Frame:
    """The next frame. Raises asyncio.IncompleteReadError at the end of the stream, BrokenFrameError."""
    kind, length = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    return _known(kind), await reader.readexactly(length)


def read(stream: BinaryIO) -> Frame | None:
    """The next frame of a blocking stream; None at its end. Raises BrokenFrameError where it is none."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    number, length = _HEADER.unpack(header)
    kind, payload = _known(number), stream.read(length)
    return (kind, payload) if len(payload) == length else None


def _known(number: int) -> Kind:
    try:
        return Kind(number)
    except ValueError:
        raise BrokenFrameError(f"there are no frames of kind {number}") from None
