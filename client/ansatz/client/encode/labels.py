"""Labels of groups and runs: one text for each row, whatever holds them.

Two labels are one exactly where the values are equal: numbers are written in full, whole ones without a point.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ansatz.client.encode.columns import pack_column
from ansatz.client.errors import InvalidRequest

_WRITTEN_OUT: Final = 1e15
"""Below it whole numbers of float64 are written with all their digits, by the library as well."""

_MISSING: Final = ("NoneType", "NAType", "NaTType")
"""How the types of what stands for no value are called, in Python and in pandas."""


def labels(values: Any, field: str) -> list[str]:
    """Return the label of each row, as text.

    `values` are numbers or texts, shape (n,), in a sequence or an array of any library. Raises InvalidRequest, which
    names `field` and the row, where there is no label, and where text stands among numbers: 1 and "1" would be one.
    """
    return [_text(value) for value in _checked(values, field)]


def labels_or_numbers(values: Any, field: str) -> list[str] | bytes:
    """Return labels as `labels` does, or a packed column where all are numbers that float64 tells apart."""
    checked = _checked(values, field)
    if all(type(value) in (int, float) and abs(value) < _WRITTEN_OUT for value in checked):
        return pack_column(checked, field)
    return [_text(value) for value in checked]


def numbers_of(cells: Sequence[str]) -> list[int | float] | list[str]:
    """Return the numbers that cells of text stand for, or the text where not all are finite numbers."""
    try:
        numbers = [_number(cell) for cell in cells]
    except ValueError:
        return list(cells)
    return numbers


def _number(cell: str) -> int | float:
    """Return the number in a cell; a whole one is exact. Raises ValueError where it is none, or not finite."""
    if "_" in cell:  # Python reads 1_000 as a number; no data file means it so
        raise ValueError(cell)
    try:
        return int(cell)
    except ValueError:
        number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return number


def _checked(values: Any, field: str) -> list[Any]:
    checked = [_plain(value) for value in _listed(values, field)]
    for i, value in enumerate(checked):
        if type(value).__name__ in _MISSING or (isinstance(value, float) and not math.isfinite(value)):
            raise InvalidRequest.of(f"{field}[{i}]", f"is {value}; give every row a label")
        if not isinstance(value, str) and hasattr(value, "__len__"):
            raise InvalidRequest.of(f"{field}[{i}]", f"is {value!r:.60}; give one label for each row")
        if isinstance(value, str) != isinstance(checked[0], str):
            kinds = f"is {value!r:.60} of type {type(value).__name__}, while {field}[0] is {checked[0]!r:.60}"
            raise InvalidRequest.of(f"{field}[{i}]", f"{kinds}; give text in every row, or in none")
    return checked


def _listed(values: Any, field: str) -> Iterable[Any]:
    for name in ("tolist", "to_list", "to_pylist"):
        if convert := getattr(values, name, None):
            values = convert()
            break
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidRequest.of(field, f"is {values!r:.60}; give one label for each row")
    return values


def _plain(value: Any) -> Any:
    """Return Python's own number for that of another library, and for an exact one that float64 holds."""
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, int | float) and (convert := getattr(value, "item", None)):
        value = convert()
    if isinstance(value, float):
        return float(value)
    if not isinstance(value, int) and hasattr(value, "__float__") and float(value) == value:
        return float(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WRITTEN_OUT else repr(value)
    return str(value)
