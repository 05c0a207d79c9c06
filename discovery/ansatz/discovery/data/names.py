"""Names of columns in formulas."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Sequence

from ansatz.discovery.data.table import Table
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import FUNCTIONS, Node, Number, Variable, parse, substitute
from ansatz.discovery.expression.node import INTEGRAL

_RESERVED = frozenset({*FUNCTIONS, INTEGRAL, "np"})


def formula_names(columns: Sequence[str]) -> dict[str, str]:
    """Column name to the identifier that stands for it in formulas: itself where that can be."""
    taken: set[str] = {c for c in columns if _can_stand(c)}
    names: dict[str, str] = {}
    for i, column in enumerate(columns):
        if _can_stand(column):
            names[column] = column
            continue
        name = re.sub(r"\W+", "_", column, flags=re.ASCII).strip("_") or f"x{i + 1}"
        name = f"x_{name}" if name[0].isdigit() else name
        while name in taken or not _can_stand(name):
            name += "_"
        taken.add(name)
        names[column] = name
    return names


def _can_stand(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and name not in _RESERVED


def parse_formulas(texts: Sequence[str], table: Table, field: str) -> tuple[Node, ...]:
    """Formulas in terms of the inputs, as `parse_formula` has them. Raises InvalidInputError with every violation."""
    formulas: list[Node] = []
    violations: list[Violation] = []
    for i, text in enumerate(texts):
        try:
            formulas.append(parse_formula(text, table, f"{field}[{i}]"))
        except InvalidInputError as error:
            violations.extend(error.violations)
    if violations:
        raise InvalidInputError(violations)
    return tuple(formulas)


def parse_formula(text: str, table: Table, field: str, ansatz: bool = False) -> Node:
    """A caller's formula in terms of the inputs, by their own names or by those used in formulas; `pi` is the number
    unless a column has that name. In an `ansatz` every other name stands for a free constant and stays a variable, and
    f, g and h may be called. Raises InvalidInputError."""
    names = formula_names(table.inputs)
    known: dict[str, Node] = {
        c: Variable(n) for c, n in names.items() if c not in FUNCTIONS and c not in names.values()
    }
    if "pi" not in names.values():
        known["pi"] = Number(math.pi)
    return substitute(parse(text, None if ansatz else {*names.values(), *known}, field, parts=ansatz), known)


def rate_name(state: str) -> str:
    """The name of a state's first derivative."""
    return f"{state}_t"
