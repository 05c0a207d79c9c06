"""Tables as delimited text: CSV, TSV."""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from ansatz.client.encode.labels import numbers_of
from ansatz.client.errors import InvalidRequest

Columns = dict[str, "array[float] | list[Any]"]
_BATCH_ROWS = 4096
_DELIMITERS = ",;\t|"
_MISSING = "nan "  # with a blank, so that it is told from what a file may hold


def read_delimited(  # noqa: PLR0917 - where and how to read
    stream: BinaryIO,
    source: str,
    choose: Callable[[Sequence[str]], Sequence[str]],
    delimiter: str | None = None,
    text: str | None = None,
    may_miss: Collection[str] = (),
) -> Columns:
    """Return the columns that `choose` picks from the header's names, as float64.

    The column `text` is text where not all its cells are finite numbers. In the columns of `may_miss` an empty cell is
    NaN. Lines that begin with # before the header, and empty lines, are skipped. Raises InvalidRequest that names the
    place of what is no finite number, and of rows of another length than the header.
    """
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        return _read(lines, source, choose, delimiter, text, frozenset(may_miss))
    except UnicodeDecodeError as error:
        raise InvalidRequest.of("data", f"{source} is not UTF-8 text ({error.reason}); save it as UTF-8") from None
    except csv.Error as error:
        raise InvalidRequest.of("data", f"{source} cannot be read as delimited text: {error}") from None
    finally:
        lines.detach()


def _read(  # noqa: PLR0917 - as `read_delimited`
    lines: io.TextIOWrapper,
    source: str,
    choose: Callable[[Sequence[str]], Sequence[str]],
    delimiter: str | None,
    text: str | None,
    may_miss: frozenset[str],
) -> Columns:
    skipped = 0
    first = lines.readline()
    while first and (first.startswith("#") or not first.strip()):
        skipped += 1
        first = lines.readline()
    if not first:
        raise InvalidRequest.of("data", f"{source} is empty; give a header line with the column names, and rows")
    reader = csv.reader(chain([first], lines), delimiter=delimiter or delimiter_of(first))
    header = _checked_header(next(reader), source)
    chosen = choose(header)
    positions = {name: header.index(name) for name in chosen}
    columns = {name: array("d") for name in chosen if name != text}
    labels: list[str] = []
    rows = 0
    for batch in _batches(reader, skipped):
        _check_width(batch, header, rows)
        by_column = list(zip(*batch.rows, strict=True))
        for name, position in positions.items():
            if name == text:
                labels.extend(_labels(by_column[position], name, batch, rows))
            else:
                own = by_column[position]
                if name in may_miss:
                    own = tuple(cell if cell.strip() else _MISSING for cell in own)
                columns[name].extend(_numbers(own, name, batch, rows))
        rows += len(batch.rows)
    return {name: numbers_of(labels) if name == text else columns[name] for name in chosen}


@dataclass(frozen=True)
class _Batch:
    """Rows that follow each other, and the line of the file on which each ends."""

    rows: list[list[str]]
    lines: list[int]


def _batches(reader: Iterator[list[str]], skipped: int) -> Iterator[_Batch]:
    rows: list[list[str]] = []
    lines: list[int] = []
    for row in reader:
        if row:
            rows.append(row)
            lines.append(reader.line_num + skipped)  # type: ignore[attr-defined]
        if len(rows) == _BATCH_ROWS:
            yield _Batch(rows, lines)
            rows, lines = [], []
    if rows:
        yield _Batch(rows, lines)


def delimiter_of(header: str) -> str:
    """Return the delimiter that stands most often in a header line, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _checked_header(cells: Sequence[str], source: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    if all(is_number(cell) for cell in header):
        raise InvalidRequest.of("data", f"{source} begins with numbers; give a header line with the column names first")
    for i, name in enumerate(header):
        if name and name in header[:i]:
            raise InvalidRequest.of(
                "table.columns", f"the name {name!r} stands more than once in {source}; make names unique"
            )
    return header


def _check_width(batch: _Batch, header: Sequence[str], rows_before: int) -> None:
    if set(map(len, batch.rows)) == {len(header)}:
        return
    for i, row in enumerate(batch.rows):
        if len(row) != len(header):
            place = f"row {rows_before + i + 1} (line {batch.lines[i]})"
            raise InvalidRequest.of(
                "data", f"{place} has {len(row)} cells where the header has {len(header)}; give every row as many"
            )


def _numbers(cells: Sequence[str], name: str, batch: _Batch, rows_before: int) -> array[float]:
    try:
        numbers = array("d", map(float, cells))
    except ValueError:
        numbers = array("d")
    # Python reads 1_000 as a number; no data file means it so.
    if numbers and "_" not in "".join(cells) and all(map(_is_fine, cells, numbers)):
        return numbers
    i = next(i for i, cell in enumerate(cells) if not is_number(cell) or not _is_fine(cell, float(cell)))
    place = f"row {rows_before + i + 1} (line {batch.lines[i]})"
    raise InvalidRequest.of(f"table.columns[{name!r}]", f"{place} {_fault(cells[i].strip())}")


def _labels(cells: Sequence[str], name: str, batch: _Batch, rows_before: int) -> list[str]:
    labels = [cell.strip() for cell in cells]
    if "" in labels:
        i = labels.index("")
        place = f"row {rows_before + i + 1} (line {batch.lines[i]})"
        raise InvalidRequest.of(f"table.columns[{name!r}]", f"{place} is empty; fill it or remove the row")
    return labels


def _is_fine(cell: str, number: float) -> bool:
    """Whether a number is finite, or stands for an empty cell that may be one."""
    return math.isfinite(number) or cell is _MISSING


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _fault(cell: str) -> str:
    if not cell:
        return "is empty; fill it or remove the row"
    if is_number(cell):
        return f"is {cell}; remove or fill rows that are not finite"
    if is_number(cell.replace(",", ".")):
        return f"is {cell!r}; write decimals with a point"
    return f"is {cell[:60]!r}, which is no number; mend it, or leave the column out: name the ones to use with --inputs"
