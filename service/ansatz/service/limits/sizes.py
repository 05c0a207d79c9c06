"""Counts and lengths in a request, looked at before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from ansatz.discovery.errors import Violation
from ansatz.v1 import observations_pb2

# These have limits of their own: rows, and the lengths of formulas and units.
_APART = frozenset({"columns", "runs", "held_out", "ansatz"})


def violations(message: Message, path: str, most: int, longest: int) -> Iterator[Violation]:
    """Lists and maps of more than `most` entries, text of more than `longest` characters; `path` is where it stands."""
    for field, value in message.ListFields():
        if field.name in _APART:
            continue
        where = f"{path}.{field.name}" if path else field.name
        if not isinstance(value, str | bytes) and hasattr(value, "__len__") and len(value) > most:
            yield Violation(where, f"holds {len(value)} entries; give at most {most}")
            continue
        for place, entry in _entries(field, value):
            if isinstance(entry, Message):
                yield from violations(entry, where + place, most, longest)
            elif isinstance(entry, str) and len(entry) > longest:
                yield Violation(where, f"has a text of {len(entry)} characters; give at most {longest}")


def column_violations(
    columns: Sequence[observations_pb2.Column], path: str, most: int, longest: int, rows: int
) -> Iterator[Violation]:
    """More than `most` columns, names of more than `longest` characters, more than `rows` rows."""
    if len(columns) > most:
        yield Violation(path, f"holds {len(columns)} columns; give at most {most}")
        return
    for i, column in enumerate(columns):
        if len(column.name) > longest:
            yield Violation(f"{path}[{i}].name", f"has {len(column.name)} characters; give at most {longest}")
    longest_column = max((len(c.packed_values) // 8 or len(c.values) or len(c.labels) for c in columns), default=0)
    if longest_column > rows:
        yield Violation(path, f"hold {longest_column} rows; give at most {rows}")


def label_violations(labels: Sequence[str], path: str, longest: int, rows: int) -> Iterator[Violation]:
    """More than `rows` labels, or such of more than `longest` characters."""
    if len(labels) > rows:
        yield Violation(path, f"holds {len(labels)} labels; give at most {rows}")
    elif (length := max(map(len, labels), default=0)) > longest:
        yield Violation(path, f"has a label of {length} characters; give at most {longest}")


def _entries(field: FieldDescriptor, value: Any) -> Iterator[tuple[str, Any]]:
    """What a field holds, with how its place is written after the field's name."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        for key in value:
            yield f"[{key!r:.40}]", key
            yield f"[{key!r:.40}]", value[key]
    elif isinstance(value, str | bytes | Message) or not hasattr(value, "__len__"):
        yield "", value
    else:
        for i, entry in enumerate(value):
            yield f"[{i}]", entry
