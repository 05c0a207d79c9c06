"""Frames between a searcher and PySR's process: a JSON header and arrays of float64, little-endian. Nothing is pickled.

frame := length of header (4 bytes, big-endian), header (JSON; "shapes" lists the arrays' shapes), arrays
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np

from ansatz.discovery.expression import Array

_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True)
class _Limits:
    """Bound what a broken stream can make this process read. Chosen by judgement, far above what is sent.

    Attributes:
        header: bytes.
        values: of an array: 8 GiB.
    """

    header: int = 1 << 20
    values: int = 1 << 30


_LIMITS: Final = _Limits()


def write_frame(stream: IO[bytes], header: dict[str, Any], *arrays: Array) -> None:
    """Send a frame. Raises OSError where the other side is gone."""
    text = json.dumps({**header, "shapes": [a.shape for a in arrays]}).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    for array in arrays:
        stream.write(np.ascontiguousarray(array, dtype="<f8").tobytes())
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], list[Array]]:
    """Return the next frame. Raises EOFError where the other side is gone, ValueError where this is no frame."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _LIMITS.header:
        raise ValueError(f"a header of {length} bytes is no header")
    header = _header(_exactly(stream, length))
    arrays = []
    for shape in header.pop("shapes"):
        raw = _exactly(stream, 8 * math.prod(shape))
        arrays.append(np.frombuffer(raw, dtype="<f8").astype(np.float64).reshape(shape))
    return header, arrays


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except RecursionError:
        raise ValueError("a header is nested too deep") from None
    if not isinstance(header, dict) or not isinstance(header.get("shapes"), list):
        raise ValueError("a header is one object that lists shapes")
    for shape in header["shapes"]:
        if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)):
            raise ValueError(f"{str(shape)[:60]} is no shape")
        if math.prod(shape) > _LIMITS.values:
            raise ValueError(f"an array of shape {str(shape)[:60]} is too large")
    return header


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError("the other side closed the stream")
    return data
