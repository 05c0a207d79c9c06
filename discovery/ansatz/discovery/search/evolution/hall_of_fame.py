"""PySR's hall of fame, as it lies on disk while a search runs: progress, partial result and result in one.

PySR writes ``hall_of_fame.csv`` (``hall_of_fame_output1.csv`` … for several targets) after each iteration, the copy
``….bak`` first, so that one of the two is whole at any time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ansatz.discovery.expression import Node, Number, Variable, parse

_HEADER: Final = ["Complexity", "Loss", "Equation"]
# Operators of PySR that our grammar lacks, as text before and after their argument.
_SPELLED_OUT: Final = {"square": ("(", ")**2"), "cube": ("(", ")**3"), "inv": ("1/(", ")"), "neg": ("-(", ")")}
_SPELLED: Final = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(_SPELLED_OUT)})\(")
# Julia's -2.0 ^ x is (-2.0)^x here: PySR brackets every operation but not a negative number.
_NEGATIVE_BASE: Final = re.compile(r"(?:(?<=^)|(?<=[(,])|(?<=[-+*/^] )|(?<=, ))(-[0-9.]+(?:[eE][-+]?[0-9]+)?)(?=\s*\^)")
_JULIA_EXPONENT: Final = re.compile(r"(?<=[0-9.])f(?=[-+]?[0-9])")
_SLOT: Final = re.compile(r"#([0-9]+)")


@dataclass(frozen=True)
class Equation:
    """Hold a row: PySR's own complexity and loss (not this library's), and the equation's text."""

    complexity: int
    loss: float
    text: str


@dataclass(frozen=True)
class Template:
    """Hold what a template's equation says: formulas in the variables ``slot1``, ``slot2`` …, and parameter vectors."""

    functions: Mapping[str, Node]
    parameters: Mapping[str, tuple[float, ...]]


def read(directory: Path, output: int | None = None) -> tuple[Equation, ...]:
    """Return the equations on disk, simplest first; none as long as neither file is whole.

    `output` counts from 1 and is None for a search with one target.
    """
    name = "hall_of_fame.csv" if output is None else f"hall_of_fame_output{output}.csv"
    for path in (directory / name, directory / f"{name}.bak"):
        try:
            return rows(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # not there yet, or half written; UnicodeDecodeError is a ValueError
            continue
    return ()


def rows(text: str) -> tuple[Equation, ...]:
    """Return the equations of a file's text. Raises ValueError where the file is not whole."""
    if not text.endswith("\n"):
        raise ValueError("the hall of fame ends within a line")
    header, *lines = csv.reader(io.StringIO(text), strict=True)
    if header != _HEADER:
        raise ValueError(f"a hall of fame has the columns {', '.join(_HEADER)}, not {', '.join(header)}")
    return tuple(Equation(int(complexity), float(loss), equation) for complexity, loss, equation in lines)


def formula(equation: str, names: Sequence[str]) -> Node:
    """Return the equation as a formula in variables `names`. Raises InvalidInputError where it is none (an Inf)."""
    return parse(_in_our_spelling(equation), names, "equation")


def guess(formula: Node) -> str:
    """Return a formula whose only powers are squares in PySR's spelling; the inverse of `formula`."""
    if isinstance(formula, Number):
        return repr(formula.value)
    if isinstance(formula, Variable):
        return formula.name
    arguments = [guess(a) for a in formula.args]
    if formula.op == "neg":
        return f"(-1.0 * {arguments[0]})"
    if formula.op == "**":
        if formula.args[1] != Number(2.0):
            raise ValueError("a power other than a square")
        return f"square({arguments[0]})"
    return f"({f' {formula.op} '.join(arguments)})" if formula.op in "+-*/" else f"{formula.op}({', '.join(arguments)})"


def template(equation: str) -> Template:
    """Return the parts of a template's equation, ``f = #1 * 2.0; g = cos(#1); p = [1.0, 2.0]``.

    Raises InvalidInputError where a part is no formula, ValueError where it has no name.
    """
    functions: dict[str, Node] = {}
    parameters: dict[str, tuple[float, ...]] = {}
    for part in equation.split(";"):
        name, equals, body = (piece.strip() for piece in part.partition("="))
        if not (name and equals):
            raise ValueError(f"the part {part!r} of a template has no name")
        if body.startswith("["):
            parameters[name] = tuple(float(value) for value in body.strip("[]").split(",") if value.strip())
        else:
            slots = {f"slot{number}" for number in _SLOT.findall(body)}
            functions[name] = formula(_SLOT.sub(r"slot\1", body), sorted(slots))
    return Template(functions, parameters)


def _in_our_spelling(equation: str) -> str:
    text = _JULIA_EXPONENT.sub("e", equation)
    text = _NEGATIVE_BASE.sub(r"(\1)", text)
    while found := _SPELLED.search(text):
        before, after = _SPELLED_OUT[found.group(1)]
        end = _closing(text, found.end())
        if end == len(text):
            break  # not closed: the parser says so
        text = f"{text[: found.start()]}({before}{text[found.end() : end]}{after}){text[end + 1 :]}"
    return text.replace("^", "**")


def _closing(text: str, start: int) -> int:
    """Return where the bracket closes that opened before `start`; the end of the text if it does not."""
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)
