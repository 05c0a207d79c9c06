"""From records of discovery to messages: a field of a message is the field of the same name of the record.

What is not that simple stands in one table, `PARTICULARS`. A message cannot forget a field: one that its record lacks,
and that has no entry there, is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from ansatz.discovery.expression import Node, to_text
from ansatz.service.wire.times import duration_of
from ansatz.v1 import comparison_pb2, curves_pb2, report_pb2

MessageT = TypeVar("MessageT", bound=Message)
Getter = Callable[[Any], Any]


def message(kind: type[MessageT], record: Any) -> MessageT:
    """Return the message for a record.

    By the type that the message declares for a field:

    - a message: made of the record in that field; not set for None
    - an enum: the value called like the member, with its prefix; unspecified for None
    - text: of a formula as well; empty for None
    - an `optional` number: not set for None, and for what is not finite
    - a duration: of the seconds in the field of that name followed by `_seconds`; not set for what is not finite
    - `repeated` and `map`: of each item
    """
    return kind(**{name: convert(get(record)) for name, get, convert in _fields(kind.DESCRIPTOR)})


@cache
def _fields(descriptor: Descriptor) -> tuple[tuple[str, Getter, Getter], ...]:
    """Return for each field of a message its name, how it is got from a record, and what is made of it."""
    particular = PARTICULARS.get(GetMessageClass(descriptor), {})
    return tuple(
        (field.name, particular.get(field.name) or _namesake(field), _converter(field))
        for field in descriptor.fields_by_name.values()
    )


def _namesake(field: FieldDescriptor) -> Getter:
    name = f"{field.name}_seconds" if _is_duration(field) else field.name
    return lambda record: getattr(record, name)


def _converter(field: FieldDescriptor) -> Getter:
    if not field.is_repeated:
        return _item(field)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = _item(field.message_type.fields_by_name["value"])
        return lambda items: {key: value(item) for key, item in (items or {}).items()}
    item = _item(field)
    return lambda items: [item(one) for one in items]


def _item(field: FieldDescriptor) -> Getter:
    """Return what is made of one value."""
    if _is_duration(field):
        return lambda seconds: duration_of(seconds) if math.isfinite(seconds) else None
    if field.message_type is not None:
        kind = GetMessageClass(field.message_type)
        return lambda record: None if record is None else message(kind, record)
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type == FieldDescriptor.TYPE_STRING:
        return lambda text: to_text(text) if isinstance(text, Node) else text
    if field.has_presence:
        return lambda number: number if number is not None and math.isfinite(number) else None
    return lambda value: value


def _is_duration(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.full_name == "google.protobuf.Duration"


def _enum(enum: EnumDescriptor) -> Getter:
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper()
    numbers = {value.name.removeprefix(f"{prefix}_"): value.number for value in enum.values}
    return lambda member: 0 if member is None else numbers[member.name]


PARTICULARS: Final[Mapping[type[Message], Mapping[str, Getter]]] = {
    report_pb2.Candidate: {
        # A system's equations stand by state.
        "formula": lambda candidate: "" if candidate.equations else candidate.text,
        # A matrix travels as one row.
        "correlations": lambda candidate: [value for row in candidate.correlations for value in row],
    },
    report_pb2.Motion: {"shared_terms": lambda motion: motion.shared},
    report_pb2.Report: {"noise": lambda report: report},
    report_pb2.Noise: {"relative_std": lambda report: report.noise_relative_std},
    # A map of the wire holds no lists: a message holds the constants of a run.
    curves_pb2.RunConstants: {"constants": lambda constants: constants},
    curves_pb2.CurveFindings: {
        # The verdict on all rows stands first, and once more by itself.
        "emergence": lambda findings: findings.emergence[0].kind if findings.emergence else None,
        "emergence_p_value": lambda findings: findings.emergence[0].p_value if findings.emergence else None,
        "emergence_verdicts": lambda findings: findings.emergence,
        "measurements": lambda findings: findings.measure,
    },
    # How formulas compare is one record in the library.
    comparison_pb2.Comparison: {
        name: attrgetter(f"verdict.{name}")
        for name in ("equivalence", "method", "largest_difference", "a_fitted", "b_fitted")
    },
}
