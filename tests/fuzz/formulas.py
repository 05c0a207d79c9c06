"""Formulas, units and metrics as text from anywhere."""

from __future__ import annotations

import keyword

import numpy as np

from ansatz.discovery import Column, InvalidInputError, Table, evaluate_formula
from ansatz.discovery.expression import (
    complexity,
    constants,
    evaluate,
    parse,
    simplify,
    to_latex,
    to_numpy,
    to_text,
    values_and_jacobian,
    variables,
)
from ansatz.discovery.expression.grammar import MAX_NODES
from ansatz.discovery.expression.node import PARTS, calls
from ansatz.discovery.expression.normal_form import TooLargeError, normal_form
from ansatz.discovery.units.dimension import Dimension
from ansatz.discovery.units.registry import UnknownUnitError
from ansatz.discovery.units.text import UnitSyntaxError, parse_unit

_ROWS = 4
_TABLE = Table(
    tuple(Column(name, np.linspace(0.5, 2.0 + i, 8)) for i, name in enumerate(("x", "y", "z", "Temperature (K)"))),
    target="z",
)


def formula(data: bytes) -> None:
    """What parses is bounded, prints, parses back to itself, and has values."""
    text = data.decode("utf-8", "replace")
    try:
        tree = parse(text, others=True, parts=True)
    except InvalidInputError:
        return
    assert complexity(tree) <= MAX_NODES
    printed = to_text(tree)
    assert to_latex(tree)
    if len(printed) <= len(text):
        assert to_text(parse(printed, others=True, parts=True)) == printed
    if any(calls(tree, *PARTS)):
        return
    if not any(map(keyword.iskeyword, variables(tree))):  # columns that are get other names before
        compile(to_numpy(tree), "formula", "eval")
    columns = {name: np.linspace(-1.0, 2.0, _ROWS) for name in variables(tree)}
    assert evaluate(tree, columns, _ROWS).shape == (_ROWS,)
    values, jacobian = values_and_jacobian(tree, columns, _ROWS, range(len(constants(tree))))
    assert values.shape == (_ROWS,)
    assert jacobian.shape[0] == _ROWS
    assert complexity(simplify(tree)) <= complexity(tree)


def normal(data: bytes) -> None:
    """Exact forms are bounded, however large the numbers."""
    try:
        normal_form(parse(data.decode("utf-8", "replace"), others=True))
    except (InvalidInputError, TooLargeError, ZeroDivisionError):
        return


def evaluation(data: bytes) -> None:
    """A caller's formula on a caller's table: scores, or a refusal."""
    try:
        evaluate_formula(_TABLE, data.decode("utf-8", "replace"), refit=True)
    except InvalidInputError:
        return


def unit(data: bytes) -> None:
    try:
        assert isinstance(parse_unit(data.decode("utf-8", "replace")), Dimension)
    except (UnitSyntaxError, UnknownUnitError):
        return
