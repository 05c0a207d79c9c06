"""Files that a user hands to the command line."""

from __future__ import annotations

import io
import math
import os
import tempfile
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ansatz.client.cli.files.curves import CurveFile
from ansatz.client.cli.files.delimited import read_delimited
from ansatz.client.cli.files.text_table import read_text_table
from ansatz.client.errors import InvalidRequest

_MEMORY = Path("/dev/shm")
_FOLDER = Path(tempfile.mkdtemp(prefix="ansatz-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None))


def csv(data: bytes) -> None:
    """Columns of finite numbers, all of one length; or a refusal."""

    def choose(names: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys(names))

    text = "g" if data[:1] == b"g" else None
    try:
        columns = read_delimited(io.BytesIO(data), "the file", choose, text=text, may_miss=("m",))
    except InvalidRequest:
        return
    assert len({len(values) for values in columns.values()}) <= 1
    for name, values in columns.items():
        if name not in (text, "m"):
            assert isinstance(values, array)
            assert all(map(math.isfinite, values))


def curve_csv(data: bytes) -> None:
    _curves(data, "curve.csv")


def json_lines(data: bytes) -> None:
    _curves(data, "curve.jsonl")


def _curves(data: bytes, name: str) -> None:
    """Columns of text, all of one length; or a refusal."""
    path = _FOLDER / f"{os.getpid()}-{name}"
    path.write_bytes(data)
    for wide in (None, "step"):
        with suppress(InvalidRequest):
            table = read_text_table(str(path), "loss")
            assert {len(cells) for cells in table.columns.values()} <= {table.rows}
            arguments, left_out = CurveFile(str(path), "loss", wide=wide).arguments()
            assert {len(values) for values in arguments["columns"].values()} <= {table.rows - left_out} or wide
