"""Columns of a file, whichever kind of file it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from ansatz.client.cli.files.delimited import Columns, read_delimited
from ansatz.client.cli.files.parquet import read_parquet
from ansatz.client.errors import InvalidRequest

_MOST_LISTED = 20


def read_columns(
    source: str,
    choose: Callable[[Sequence[str]], Sequence[str]],
    text: str | None = None,
    may_miss: Collection[str] = (),
) -> Columns:
    """Return the columns that `choose` picks from the names in a file; "-" is CSV on standard input.

    The column `text` may hold text; in those of `may_miss` an empty cell is NaN. Raises InvalidRequest that names the
    field, the place and what to do.
    """
    if source == "-":
        return read_delimited(sys.stdin.buffer, shown(source), choose, text=text, may_miss=may_miss)
    path = Path(source)
    if path.is_dir() or not path.exists():
        raise InvalidRequest.of(
            "data", f"{source!r} is no file; name a CSV, TSV or Parquet file, or - for standard input"
        )
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return read_parquet(source, choose, text, may_miss)
        with path.open("rb") as stream:
            tab = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
            return read_delimited(stream, shown(source), choose, tab, text, may_miss)
    except OSError as error:
        raise InvalidRequest.of("data", f"{source!r} cannot be read: {error.strerror or error}") from None


def check_columns(roles: Iterable[tuple[str, str]], names: Sequence[str]) -> None:
    """Raise InvalidRequest where a role, given as (field, name), names no column."""
    for field, name in roles:
        if name not in names or not name:
            raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed(names)}")


def listed(names: Sequence[str]) -> str:
    """Return the names of columns as a message shows them."""
    return ", ".join(map(repr, names[:_MOST_LISTED])) + (", …" if len(names) > _MOST_LISTED else "")


def shown(source: str) -> str:
    """Return the name of a file as a message shows it."""
    return "standard input" if source == "-" else repr(source)
