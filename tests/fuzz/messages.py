"""Messages of any type, half sensible: every field unset, usual, or as bad as its type allows."""

from __future__ import annotations

import struct
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

_COLUMNS = ("x", "y", "t", "g")
_FORMULAS = (
    "x", "2*x", "x**2 + 1", "a*x**b", "f(x)", "1/(x - x)", "x**100**1", "log(-x)", "sin(x)/x", "exp(exp(exp(x)))",
    "integral(exp(-s), s, 0, x)", "((((x))))", "x" * 5000, "10**10**10", "+".join("x" * 400), "(" * 70 + "x", "ｘ",
    "х*2", "x\u202e*2", "0/0", "x**f(2)", "1e308*1e308*x", "abs(sign(min(x, max(x, 2))))",
)  # fmt: skip
_NAMES = ("jobs/first", "jobs/curves", "jobs/none", "jobs/", "jobs/A", "first", "jobs/first\x00", "jobs/fіrst")
_WORDS = (
    *_COLUMNS,
    "",
    "z",
    "sin",
    "auto",
    "log",
    "guess:0.5",
    "guess:nan",
    "N",
    "m/s",
    "m/s^2",
    "K",
    "?",
    "first",
    "\0",
)
_BY_NAME = {"formula": _FORMULAS, "a": _FORMULAS, "b": _FORMULAS, "ansatz": _FORMULAS, "name": (*_NAMES, *_COLUMNS),
            "job": _NAMES, "continue_job": (*_NAMES, "", ""), "job_id": ("", "", "first", "Ж", "a" * 64)}  # fmt: skip
_INTEGERS = (0, 1, 2, 3, 100, 1001, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, -1, -(2**31), -(2**63))
_NUMBERS = (0.0, -0.0, 1.0, 0.5, 2.0, -1.0, 1e-308, 5e-324, 1e308, float("nan"), float("inf"), float("-inf"))
_LIMITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_MAX_DEPTH = 6
_MAX_ITEMS = 4

_text = st.text(st.characters(codec="utf-8"), max_size=12)
_usual = st.integers(0, 3).map(lambda power: struct.pack("<12d", *(float(i) ** power for i in range(1, 13))))
_odd = st.one_of(
    st.lists(st.sampled_from(_NUMBERS), max_size=12).map(lambda v: struct.pack(f"<{len(v)}d", *v)),
    st.binary(max_size=20),
)


@st.composite
def requests(draw: st.DrawFn, descriptor: Descriptor) -> Message:
    """A request of a type: all of it wild, or most of it tame."""
    return draw(_messages(descriptor, draw(st.booleans()), 0))


@st.composite
def _messages(draw: st.DrawFn, descriptor: Descriptor, wild: bool, depth: int) -> Message:
    message: Any = GetMessageClass(descriptor)()
    if not wild and descriptor.name in ("Table", "Curves", "Trajectories"):
        return _observations(draw, message)
    rare = st.integers(0, 3).map(lambda n: n == 0)
    for field in descriptor.fields:
        leaf = field.message_type is None or field.message_type.name == "Duration"
        # In tame requests names and observations are there, and few options.
        given = st.booleans() if wild or field.name in _BY_NAME or not leaf else rare
        if draw(given) and depth < _MAX_DEPTH:
            _set(draw, message, field, wild, depth)
    return message  # type: ignore[no-any-return]


def _observations(draw: st.DrawFn, message: Any) -> Message:
    for name in _COLUMNS:
        message.columns.add(name=name, packed_values=draw(_usual))
    if message.DESCRIPTOR.name == "Trajectories":
        message.time, message.order = "t", draw(st.integers(0, 3))
        message.states.extend(draw(st.sampled_from((["x"], ["x", "y"], ["x", "x"]))))
        message.columns[2].packed_values = struct.pack("<12d", *range(12))
    else:
        message.target = draw(st.sampled_from(("y", "y", "x")))
    return message  # type: ignore[no-any-return]


def _set(draw: st.DrawFn, message: Any, field: FieldDescriptor, wild: bool, depth: int) -> None:
    if not field.is_repeated:
        _set_one(draw, message, field, wild, depth)
        return
    place = getattr(message, field.name)
    for _ in range(draw(st.integers(0, _MAX_ITEMS))):
        if field.message_type and field.message_type.GetOptions().map_entry:
            _set_entry(draw, place, field.message_type, wild, depth)
        elif field.message_type:
            place.add().CopyFrom(draw(_messages(field.message_type, wild, depth + 1)))
        else:
            place.append(draw(_scalar(field, wild)))


def _set_one(draw: st.DrawFn, message: Any, field: FieldDescriptor, wild: bool, depth: int) -> None:
    place = getattr(message, field.name)
    if field.message_type is None:
        setattr(message, field.name, draw(_scalar(field, wild)))
    elif field.message_type.name == "Duration":
        # Searches are short, so that calls go on.
        place.seconds = draw(st.sampled_from((0, -1, 2**62, -(2**62)) if wild else (0,)))
        place.nanos = draw(st.sampled_from((300_000_000, -1, 999_999_999, 2**31 - 1) if wild else (300_000_000,)))
    else:
        place.CopyFrom(draw(_messages(field.message_type, wild, depth + 1)))


def _set_entry(draw: st.DrawFn, place: Any, entry: Descriptor, wild: bool, depth: int) -> None:
    key, value = draw(_scalar(entry.fields_by_name["key"], wild)), entry.fields_by_name["value"]
    if value.message_type:
        place[key].CopyFrom(draw(_messages(value.message_type, wild, depth + 1)))
    else:
        place[key] = draw(_scalar(value, wild))


def _scalar(field: FieldDescriptor, wild: bool) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.one_of(_usual, _odd) if wild else _usual
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        pool = st.sampled_from(_BY_NAME.get(field.name, _WORDS))
        return st.one_of(pool, _text) if wild else pool
    if field.enum_type:
        return st.sampled_from((*(v.number for v in field.enum_type.values), *((99, -1) if wild else ())))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type in _LIMITS:
        low, high = _LIMITS[field.cpp_type]
        extremes = st.sampled_from([n for n in _INTEGERS if low <= n <= high])
        return st.one_of(extremes, st.integers(low, high)) if wild else st.integers(0, 9)
    return st.one_of(st.sampled_from(_NUMBERS), st.floats()) if wild else st.sampled_from((0.5, 1.0, 2.0, 0.0, -1.0))
