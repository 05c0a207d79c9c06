"""From messages to records: a field of a record is the field of the same name of the message.

What is not that simple stands in one table, `PARTICULARS`. A record cannot forget a field: one that its message lacks,
and that has no entry there, is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from ansatz.client.results.candidate import Candidate, Constant
from ansatz.client.results.comparison import Comparison
from ansatz.client.results.curves import Law, LawConstant
from ansatz.client.results.job import Job, JobEvent
from ansatz.client.results.options import Engine, Loss
from ansatz.client.results.report import Report
from ansatz.client.results.state import JobState
from ansatz.v1 import job_pb2

T = TypeVar("T")
Reader = Callable[[Any], Any]

_UNSPECIFIED: Final[Mapping[type, StrEnum]] = {Engine: Engine.AUTO, Loss: Loss.SQUARED}
"""What an enum that is not set means, where it means something (problem.proto says what)."""


def record(kind: type[T], message: Message, **given: Any) -> T:
    """Return the record of a message; fields that are `given` are taken from there.

    By the type that the record declares for a field:

    - `X | None`: None where the message has it not set, or an empty text, or an unspecified enum
    - a record: made of the message in that field
    - an enum, or text for one: the name of its value, without the prefix
    - `datetime`: of a timestamp, in UTC
    - `tuple[X, ...]`, `Mapping[str, X]`: of each item, by key; `float | None` in a tuple: None for what is not finite
    - a float called `…_seconds`: of a duration, called the same without `_seconds`
    """
    readers = _readers(cast(type, kind), message.DESCRIPTOR, frozenset(given))
    return kind(**{name: read(message) for name, read in readers}, **given)


@cache
def _readers(kind: type, descriptor: Descriptor, given: frozenset[str]) -> tuple[tuple[str, Reader], ...]:
    """Return how each field of a record is read from a message."""
    hints, particular = get_type_hints(kind), PARTICULARS.get(kind, {})
    assert is_dataclass(kind)
    names = [field.name for field in fields(kind) if field.name not in given]
    return tuple((name, particular.get(name) or _reader(_field(descriptor, name), hints[name])) for name in names)


def _field(descriptor: Descriptor, name: str) -> FieldDescriptor:
    for called in (name, name.removesuffix("_seconds")):
        if called in descriptor.fields_by_name:
            return descriptor.fields_by_name[called]
    raise TypeError(f"{descriptor.full_name} has no field {name!r}; add it there, or to PARTICULARS")


def _reader(field: FieldDescriptor, hint: Any) -> Reader:
    name, kind = field.name, get_origin(hint)
    if kind is tuple:
        item = _item(field, get_args(hint)[0])
        return lambda message: tuple(map(item, getattr(message, name)))
    if kind is Mapping:
        value = _item(_value_field(field), get_args(hint)[1])
        # By key: a message keeps no order.
        return lambda message: {key: value(sent) for key, sent in sorted(getattr(message, name).items())}
    value = _item(field, hint)
    if not _may_be_none(hint):
        return lambda message: value(getattr(message, name))
    if field.has_presence:
        return lambda message: value(getattr(message, name)) if message.HasField(name) else None
    return lambda message: value(getattr(message, name)) or None


def _value_field(field: FieldDescriptor) -> FieldDescriptor:
    assert field.message_type is not None
    return field.message_type.fields_by_name["value"]


def _item(field: FieldDescriptor, hint: Any) -> Reader:
    """Return how one value is read."""
    kind = next(arm for arm in get_args(hint) or (hint,) if arm is not NoneType)
    if is_dataclass(kind):
        return partial(record, cast(type, kind))
    if field.enum_type is not None:
        return _members(field.enum_type, kind).__getitem__
    if kind is datetime:
        return lambda timestamp: timestamp.ToDatetime(tzinfo=UTC)
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.Duration":
        return lambda duration: duration.ToNanoseconds() / 1e9
    if kind is float and _may_be_none(hint) and not field.has_presence:
        return lambda number: number if math.isfinite(number) else None
    return lambda value: value


def _may_be_none(hint: Any) -> bool:
    return NoneType in get_args(hint)


@cache
def _members(enum: EnumDescriptor, kind: type) -> dict[int, Any]:
    """Return the values of an enum by number: members of `kind`, or lower-case text; None for an unspecified one."""
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"
    names = {value.number: value.name.removeprefix(prefix) for value in enum.values if value.number}
    members = {n: kind[name] if issubclass(kind, StrEnum) else name.lower() for n, name in names.items()}
    return {0: _UNSPECIFIED.get(kind), **members}


def _square(message: Any) -> tuple[tuple[float | None, ...], ...]:
    """Return the correlations of a candidate, row by row, None for NaN."""
    k = len(message.constants)
    values = [None if math.isnan(value) else value for value in message.correlations]
    return tuple(tuple(values[i : i + k]) for i in range(0, len(values), max(k, 1)))


def _by_group(field: str) -> Reader:
    """Return how one field of a constant's values by group is read; None where it is the same in all groups."""

    def read(message: Any) -> dict[str, float | None] | None:
        groups = sorted(message.per_group.items())
        return {label: getattr(v, field) if v.HasField(field) else None for label, v in groups} or None

    return read


def _constants(messages: Iterable[Message]) -> tuple[LawConstant, ...]:
    return tuple(record(LawConstant, constant) for constant in messages)


def _state(number: job_pb2.JobState.ValueType) -> JobState:
    return JobState(job_pb2.JobState.Name(number).removeprefix("JOB_STATE_"))


PARTICULARS: Final[Mapping[type, Mapping[str, Reader]]] = {
    Constant: {
        # One map of the message is two of the record.
        "per_group": lambda m: {label: v.value for label, v in sorted(m.per_group.items())} or None,
        "per_group_errors": _by_group("std_error"),
    },
    # A matrix travels as one row.
    Candidate: {"correlations": _square},
    # A map of the wire holds no lists.
    Law: {"per_run": lambda m: {run: _constants(own.constants) for run, own in sorted(m.per_run.items())}},
    # A pair of numbers is a message on the wire.
    Comparison: {"box": lambda m: {name: (limits.lower, limits.upper) for name, limits in sorted(m.box.items())}},
    Job: {
        "id": lambda m: m.name.removeprefix("jobs/"),
        # A report says in which state its job is.
        "report": lambda m: record(Report, m.report, state=_state(m.state)) if m.HasField("report") else None,
    },
    # What happened is one of several messages.
    JobEvent: {
        "state": lambda m: _state(m.state_change.state) if m.HasField("state_change") else None,
        "front": lambda m: tuple(record(Candidate, c) for c in m.front.candidates) if m.HasField("front") else None,
    },
}
