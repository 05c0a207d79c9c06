"""Tables as Parquet files; needs the extra `parquet`."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Sequence
from importlib.util import find_spec
from typing import Any

from ansatz import distribution
from ansatz.client.cli.files.delimited import Columns
from ansatz.client.errors import InvalidRequest


def read_parquet(
    path: str, choose: Callable[[Sequence[str]], Sequence[str]], text: str | None = None, may_miss: Collection[str] = ()
) -> Columns:
    """Return the columns that `choose` picks from the names in a file, as `read_delimited` does; raise as it does."""
    if find_spec("pyarrow") is None:
        raise InvalidRequest(
            f"reading Parquet needs pyarrow; install the extra: {distribution.install('parquet')}",
            reason="MISSING_EXTRA",
        )
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        for i, name in enumerate(names):
            if name in names[:i]:
                raise InvalidRequest.of(
                    "table.columns", f"the name {name!r} stands more than once in {path}; make names unique"
                )
        table = file.read(columns=list(choose(names)))
    except pyarrow.ArrowInvalid as error:
        raise InvalidRequest.of("data", f"{path} cannot be read as Parquet: {error}") from None
    return {
        name: _labels(column, name) if name == text else _numbers(column, name, name in may_miss)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _labels(column: Any, name: str) -> list[Any]:
    labels = column.to_pylist()
    for row, label in enumerate(labels, start=1):
        if label is None:
            raise InvalidRequest.of(f"table.columns[{name!r}]", f"row {row} is empty; fill it or remove the row")
    return list(labels)


def _numbers(column: Any, name: str, may_miss: bool) -> array[float]:
    from pyarrow import types

    field, kind = f"table.columns[{name!r}]", column.type
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind)):
        raise InvalidRequest.of(field, f"holds {kind}, not numbers; name the columns to use with --inputs")
    numbers = array("d")
    for row, value in enumerate(column.to_pylist(), start=1):
        if value is None and may_miss:
            numbers.append(math.nan)
            continue
        if value is None:
            raise InvalidRequest.of(field, f"row {row} is empty; fill it or remove the row")
        if not math.isfinite(value):
            raise InvalidRequest.of(field, f"row {row} is {value}; remove or fill rows that are not finite")
        numbers.append(value)
    return numbers
