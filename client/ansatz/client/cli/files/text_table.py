"""Curves as they are logged: CSV, JSON lines, plain step and value, TensorBoard event files. Cells stay text."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansatz.client.cli.files.delimited import delimiter_of, is_number
from ansatz.client.errors import InvalidRequest

STEP = "step"
RUN = "run"
_EVENTS = "events.out.tfevents"


@dataclass(frozen=True)
class TextTable:
    """Cells as text.

    Attributes:
        columns: the cells by the name of their column, all of one length.
        places: where each row stands in its file, as a message says it.
    """

    columns: dict[str, list[str]]
    places: list[str]

    @property
    def rows(self) -> int:
        return len(self.places)


def read_text_table(source: str, target: str) -> TextTable:
    """Return the table of a file, whatever it is. Raises InvalidRequest that names what cannot be read."""
    if source == "-":
        return _delimited(_text(sys.stdin.buffer.read(), "standard input"), "standard input", target)
    path = Path(source)
    if _event_files(path):
        return _tensorboard(path, target)
    if not path.is_file():
        known = "CSV, TSV, JSON lines, a plain step,value file, a TensorBoard event file or its folder, or -"
        raise InvalidRequest.of("data", f"{source!r} is no file of curves; name {known}")
    try:
        text = _text(path.read_bytes(), repr(source))
    except OSError as error:
        raise InvalidRequest.of("data", f"{source!r} cannot be read: {error.strerror or error}") from None
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return _json_lines(text, source)
    return _delimited(text, repr(source), target)


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest.of("data", f"{source} is not UTF-8 text; save it as UTF-8") from None


def _delimited(text: str, source: str, target: str) -> TextTable:
    """The table of delimited text with a header; where the first line is two numbers, steps and values of `target`."""
    lines = [(i, line) for i, line in enumerate(text.splitlines(), start=1) if line.strip() and line[0] != "#"]
    if not lines:
        raise InvalidRequest.of("data", f"{source} is empty; give a header line with the column names, and rows")
    rows, places = [], []
    reader = csv.reader([line for _, line in lines], delimiter=delimiter_of(lines[0][1]))
    try:
        for row in reader:
            rows.append(row)
            # A quoted cell may go over several lines: the row stands where it ends.
            places.append(f"line {lines[reader.line_num - 1][0]}")
    except csv.Error as error:
        raise InvalidRequest.of("data", f"{source} cannot be read as delimited text: {error}") from None
    header = [cell.strip() for cell in rows[0]]
    if len(header) == 2 and all(map(is_number, header)):
        header = [STEP, target]
    else:
        rows, places = rows[1:], places[1:]
    for row, place in zip(rows, places, strict=True):
        if len(row) != len(header):
            text = f"{place} of {source} has {len(row)} cells where the header has {len(header)}"
            raise InvalidRequest.of("data", f"{text}; give every row as many")
    for i, name in enumerate(header):
        if name in header[:i]:
            raise InvalidRequest.of("data", f"the name {name!r} stands more than once in {source}; make names unique")
    return TextTable({name: [row[j].strip() for row in rows] for j, name in enumerate(header)}, places)


def _json_lines(text: str, source: str) -> TextTable:
    """The table of JSON lines, an object each; a name that a line lacks is an empty cell."""
    objects: list[dict[str, object]] = []
    places: list[str] = []
    for i, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest.of("data", f"line {i} of {source!r} is no JSON: {error}; mend it") from None
        if not isinstance(read, dict):
            raise InvalidRequest.of("data", f"line {i} of {source!r} is no JSON object; give one object a line")
        objects.append(read)
        places.append(f"line {i}")
    names = dict.fromkeys(name for read in objects for name in read)
    cells = {name: [_cell(read.get(name)) for read in objects] for name in names}
    return TextTable(cells, places)


def _cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _event_files(path: Path) -> Sequence[Path]:
    if path.is_dir():
        return sorted(path.rglob(f"*{_EVENTS}*"))
    return [path] if _EVENTS in path.name and path.is_file() else []


def _tensorboard(path: Path, target: str) -> TextTable:
    """The values of one scalar tag by step; each folder of event files is a run."""
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        text = "is TensorBoard's; its reader is not installed: pip install tensorboard"
        raise InvalidRequest.of("data", f"{str(path)!r} {text}") from None
    columns: dict[str, list[str]] = {STEP: [], target: [], RUN: []}
    tags: set[str] = set()
    for folder in dict.fromkeys(file.parent for file in _event_files(path)):
        events = EventAccumulator(str(folder if path.is_dir() else path), size_guidance={"scalars": 0})
        events.Reload()
        tags |= set(_scalar_tags(events.Tags()))
        if target in _scalar_tags(events.Tags()):
            for event in events.Scalars(target):
                columns[STEP].append(str(event.step))
                columns[target].append(repr(float(event.value)))
                columns[RUN].append(str(folder.relative_to(path)) if path.is_dir() else folder.name)
    if not columns[STEP]:
        listed = ", ".join(map(repr, sorted(tags)[:20])) or "none"
        raise InvalidRequest.of("curves.target", f"{target!r} is no scalar of {str(path)!r}; scalars: {listed}")
    return TextTable(columns, [f"event {i + 1}" for i in range(len(columns[STEP]))])


def _scalar_tags(tags: dict[str, object]) -> Iterator[str]:
    scalars = tags.get("scalars", [])
    return iter(scalars if isinstance(scalars, list) else [])
