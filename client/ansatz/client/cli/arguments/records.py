"""Commands that take their options in records: a group of options is declared once, where its record is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Any, get_type_hints


def flattened(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command as typer takes it: each parameter that is a record becomes the fields of the record."""
    parameters = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def call(**given: Any) -> None:
        command(**{p.name: _taken(p.name, p.annotation, given) for p in parameters})

    flat = [option for p in parameters for option in _options(p)]
    call.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    call.__annotations__ = {option.name: option.annotation for option in flat}
    return call


def given_flags(record: Any) -> list[str]:
    """Return the flags of a record's options that are not at their defaults; a flag is called as its field."""
    flags: list[str] = []
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            flags += given_flags(value)
        elif value not in (field.default, [], ()):  # an option that may be repeated is empty where it is not given
            flags.append(f"--{field.name.replace('_', '-')}")
    return flags


def _options(parameter: Parameter) -> Iterator[Parameter]:
    record = parameter.annotation
    if not is_dataclass(record):
        yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(record, include_extras=True)
    for field in fields(record):
        default = Parameter.empty if field.default is MISSING else field.default
        yield from _options(
            Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
        )


def _taken(name: str, kind: Any, given: Mapping[str, Any]) -> Any:
    """The value of a parameter: given as such, or a record of what is given for its fields."""
    if not is_dataclass(kind):
        return given[name]
    assert isinstance(kind, type)
    hints = get_type_hints(kind)
    return kind(**{field.name: _taken(field.name, hints[field.name], given) for field in fields(kind)})
