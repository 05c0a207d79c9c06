"""What processes of the server tell each other."""

from __future__ import annotations

import io

from ansatz.discovery.search.evolution.frames import read_frame
from ansatz.service.executor import frames


def worker(data: bytes) -> None:
    """Frames up to the first that is none."""
    stream = io.BytesIO(data)
    try:
        while (frame := frames.read(stream)) is not None:
            frames.parted(frame[1])
    except frames.BrokenFrameError:
        return


def engine(data: bytes) -> None:
    try:
        header, arrays = read_frame(io.BytesIO(data))
    except (EOFError, ValueError):
        return
    assert isinstance(header, dict)
    assert all(array.nbytes <= len(data) for array in arrays)
