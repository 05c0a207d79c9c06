"""Records filled with values that are all different, by the types that they declare: what is lost, or put in another's
place, shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import count
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from ansatz.discovery.expression import Node, parse

T = TypeVar("T")
_ITEMS = 2


def filled(kind: type[T], first: int = 1) -> T:
    """Return a record whose numbers are `first`, `first` + 1, … and whose texts hold such numbers."""
    return cast(T, _Filler(first).of(kind))


class _Filler:
    def __init__(self, first: int) -> None:
        self._numbers = count(first)

    def of(self, hint: Any) -> Any:
        """Return a value of a declared type."""
        if set(get_args(Node)) <= set(get_args(hint)):
            return parse(f"x + {next(self._numbers)}", {"x"})
        if NoneType in get_args(hint):
            hint = next(arm for arm in get_args(hint) if arm is not NoneType)
        if get_origin(hint) is tuple:
            return tuple(self.of(get_args(hint)[0]) for _ in range(_ITEMS))
        if get_origin(hint) is Mapping:
            return {f"key {next(self._numbers)}": self.of(get_args(hint)[1]) for _ in range(_ITEMS)}
        number = next(self._numbers)
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            return cast(Any, hint)(**{field.name: self.of(hints[field.name]) for field in fields(hint)})
        if issubclass(hint, Enum):
            members = list(hint)
            return members[number % len(members)]
        return {bool: True, int: number, float: number + 0.25, str: f"text {number}"}[hint]
