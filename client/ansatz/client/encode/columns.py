"""From whatever holds numbers to columns of packed little-endian float64, without numpy.

Taken are: objects with the buffer protocol (numpy arrays of any layout, array.array, memoryview), objects that turn
into one or into a list (pandas, polars and arrow columns), and plain sequences.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from ansatz.client.errors import InvalidRequest

_REAL_FORMATS = frozenset("?bBhHiIlLqQnNefd")
_CONVERSIONS = ("to_numpy", "tolist", "to_list", "to_pylist")


def pack_column(values: Any, field: str) -> bytes:
    """Return one column, shape `(n,)`, as 8·n bytes. Raises InvalidRequest that names `field` and the offending row."""
    values = _concrete(values, field)
    if isinstance(values, memoryview):
        if values.ndim != 1:
            raise InvalidRequest.of(field, f"has {values.ndim} dimensions; give one, a number a row")
        return _little_endian(_float64(values, field))
    return _little_endian(_from_sequence(values, field))


def pack_matrix(X: Any, field: str) -> list[bytes]:
    """Return rows of inputs, shape `(n, d)`, as d packed columns; shape `(n,)` is one column."""
    X = _concrete(X, field)
    if not isinstance(X, memoryview):
        return _pack_rows(X, field)
    if X.ndim == 1:
        return [pack_column(X, field)]
    shape = X.shape or ()
    if len(shape) != 2:
        raise InvalidRequest.of(field, f"has {X.ndim} dimensions; give rows and columns, or one column")
    if 0 in shape:
        raise InvalidRequest.of(field, f"has shape {shape}; give at least one row and one column")
    flat = _float64(X, field)
    width = shape[1]
    return [_little_endian(flat[j::width]) for j in range(width)]


def _pack_rows(X: Sequence[Any], field: str) -> list[bytes]:
    if not X:
        raise InvalidRequest.of(field, "is empty; give at least one row")
    if not hasattr(X[0], "__len__"):
        return [pack_column(X, field)]
    rows = [_as_list(row, f"{field}[{i}]") for i, row in enumerate(X)]
    width = len(rows[0])
    for i, row in enumerate(rows):
        if len(row) != width:
            raise InvalidRequest.of(f"{field}[{i}]", f"has {len(row)} values where the first row has {width}")
    if not width:
        raise InvalidRequest.of(field, "has rows without values; give at least one column")
    return [
        _little_endian(_from_sequence(column, f"{field}[:, {j}]")) for j, column in enumerate(zip(*rows, strict=True))
    ]


def _as_list(row: Any, field: str) -> list[Any]:
    if isinstance(row, str | bytes) or not hasattr(row, "__len__"):
        raise InvalidRequest.of(field, f"is {row!r:.60}; give a row of numbers")
    return list(row)


def _concrete(values: Any, field: str) -> memoryview | Sequence[Any]:
    """Return a view of real numbers, or a sequence to be converted one by one."""
    if isinstance(values, str | bytes | bytearray):
        raise InvalidRequest.of(field, f"is {type(values).__name__}; give numbers")
    try:
        view = memoryview(values)
    except TypeError:
        return _through_method(values, field)
    except (ValueError, BufferError) as error:  # numpy says so of dates, for example
        raise InvalidRequest.of(field, f"holds no plain numbers ({error}); convert it to float") from None
    if view.format.lstrip("@=<>!") in _REAL_FORMATS:
        return view
    if view.format == "O" and view.ndim > 0:  # Python objects, which may be numbers
        return _sequence(values.tolist(), field)
    raise InvalidRequest.of(field, f"holds values of type {getattr(values, 'dtype', view.format)}; convert it to float")


def _through_method(values: Any, field: str) -> memoryview | Sequence[Any]:
    for name in _CONVERSIONS:
        if convert := getattr(values, name, None):
            try:
                converted = convert()
            except ImportError:  # polars and arrow need numpy for to_numpy
                continue
            return _concrete(converted, field)
    return _sequence(values, field)


def _sequence(values: Any, field: str) -> Sequence[Any]:
    if isinstance(values, Sequence):
        return values
    if isinstance(values, Iterable) and not isinstance(values, dict):
        return list(values)
    raise InvalidRequest.of(field, f"is {type(values).__name__}; give a sequence of numbers")


def _float64(view: memoryview, field: str) -> array[float]:
    """Return all values in row-major order."""
    order, code = ("", view.format) if view.format[0] not in "@=<>!" else (view.format[0], view.format[1:])
    if view.ndim == 0:
        raise InvalidRequest.of(field, "is a single number; give one for every row")
    raw = view.tobytes()
    values = array("d")
    if code == "d" and (order in ("", "@", "=") or (order == "<") == (sys.byteorder == "little")):
        values.frombytes(raw)
    else:
        values.extend(struct.unpack(f"{order}{len(raw) // view.itemsize}{code}", raw))
    return values


def _from_sequence(values: Sequence[Any], field: str) -> array[float]:
    try:
        return array("d", values)
    except (TypeError, ValueError, OverflowError):
        for i, value in enumerate(values):
            if not _is_number(value):
                raise InvalidRequest.of(
                    f"{field}[{i}]", f"is {value!r:.60} of type {type(value).__name__}; give a number"
                ) from None
        raise


def _is_number(value: Any) -> bool:
    try:
        array("d", [value])
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _little_endian(values: array[float]) -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()
