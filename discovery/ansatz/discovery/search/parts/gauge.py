"""Freedoms that no data can settle: a factor or an offset that one unknown may hand to another.

In f(x)*g(y) a factor of g may as well stand in f; in f(x)/f(y) f has any factor. They are found by trying them on
arbitrary functions, and fixed in one of the parts: it has no constant term, or a leading coefficient of 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import (
    Apply,
    Node,
    Number,
    Variable,
    add,
    call,
    divide,
    evaluate,
    multiply,
    simplify,
    variables,
)
from ansatz.discovery.expression.node import NEGATION
from ansatz.discovery.problem.form import Form, Part
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured.build import scaled


@dataclass(frozen=True)
class _Trial:
    """Say on what functions a freedom is tried. Chosen by judgement, as numbers without a relation to each other.

    Attributes:
        rows: looked at.
        amount: of the factor or the offset that is moved.
        levels: around which the arbitrary functions vary; of both signs, since a form may allow one only.
        wave: part of its level by which a function varies.
        phase: of that wave.
        apart: by how much the levels of two parts differ, over the level.
        between: by how much two constants differ.
        turned: by how much a wave turns faster in each further argument.
        same: by how much the target may change, over its largest value: rounding.
        off: times numbers that are moved for good: one that is whole would be taken for structure, and not be fitted.
    """

    rows: int = 50
    amount: float = 1.3
    levels: tuple[float, ...] = (1.2, 0.25, -1.4)
    wave: float = 0.2
    phase: float = 0.3
    apart: float = 0.1
    between: float = 0.17
    turned: float = 0.2
    same: float = 1e-9
    off: float = 1 + 1e-9


_TRIAL: Final = _Trial()


@dataclass(frozen=True)
class Gauge:
    """Name a freedom that is fixed in one part.

    Attributes:
        scale: whether it is a factor, else an offset.
        fixed: the part.
        taker: the unknown that takes it up; empty where nothing does, since the target does not change.
        sign: power to which the taker takes up a factor, or the sign of an offset.
    """

    scale: bool
    fixed: str
    taker: str = ""
    sign: int = 0

    @property
    def text(self) -> str:
        """Return what is free, and how it was settled."""
        what = "a factor" if self.scale else "a constant term"
        settled = "has a leading coefficient of 1" if self.scale else "has no constant term"
        moved = f" that may stand in {self.taker} instead" if self.taker else ""
        return f"The form determines {self.fixed} up to {what}{moved}; here {self.fixed} {settled}."


def gauges(problem: Problem) -> tuple[Gauge, ...]:
    """Return the freedoms of a problem with a form, at most one of a kind for each part."""
    found: list[Gauge] = []
    for gauge in _possible(problem.form):
        taken = any(g.scale == gauge.scale and g.fixed in (gauge.fixed, gauge.taker) and not g.taker for g in found)
        taken |= any(g.scale == gauge.scale and g.fixed == gauge.fixed for g in found)
        if not taken and _changes_nothing(gauge, problem):
            found.append(gauge)
    return tuple(found)


def fixed(law: Node, known: Sequence[Gauge], form: Form) -> Node:
    """Return the same law with the freedoms fixed."""
    unknowns = _unknowns(law, form)
    for gauge in known:
        amount, rest = (_coefficient if gauge.scale else _constant_term)(unknowns[gauge.fixed])
        if amount == (1.0 if gauge.scale else 0.0):
            continue
        unknowns[gauge.fixed] = rest
        if gauge.taker:
            taken = unknowns[gauge.taker]
            if gauge.scale:
                unknowns[gauge.taker] = simplify(multiply(Number(amount**gauge.sign * _TRIAL.off), taken))
            else:
                unknowns[gauge.taker] = simplify(add(taken, Number(-gauge.sign * amount * _TRIAL.off)))
    return _law(unknowns, form)


def _possible(form: Form | None) -> Iterator[Gauge]:
    assert form is not None
    parts = [p.name for p in form.parts]
    for scale in (True, False):
        yield from (Gauge(scale, part) for part in parts)
        for taker, part in combinations([*form.constants, *parts], 2):
            if part in parts:
                yield from (Gauge(scale, part, taker, sign) for sign in (1, -1))


def _changes_nothing(gauge: Gauge, problem: Problem) -> bool:
    """Tell whether the target stays as it is for arbitrary functions of several levels, where it is finite at all."""
    small = problem.subsample(_TRIAL.rows)
    assert small.form is not None
    seen = 0
    for level in _TRIAL.levels:
        law = _arbitrary(small, small.form, level)
        before, after = (small.evaluate(tree) for tree in (law, _moved(law, gauge, small.form)))
        both = np.isfinite(before) & np.isfinite(after)
        if 2 * np.count_nonzero(both) < both.size:
            continue
        seen += 1
        size = float(np.max(np.abs(before[both])))
        if not np.all(np.abs(after[both] - before[both]) <= _TRIAL.same * size):
            return False
    return seen > 0


def _moved(law: Node, gauge: Gauge, form: Form) -> Node:
    unknowns = _unknowns(law, form)

    def change(name: str, amount: float) -> None:
        join = multiply if gauge.scale else add
        unknowns[name] = _folded(join(unknowns[name], Number(amount)))

    change(gauge.fixed, 1 / _TRIAL.amount if gauge.scale else -_TRIAL.amount)
    if gauge.taker:
        change(gauge.taker, _TRIAL.amount**gauge.sign if gauge.scale else gauge.sign * _TRIAL.amount)
    return _law(unknowns, form)


def _arbitrary(problem: Problem, form: Form, level: float) -> Node:
    scale = float(np.median(np.abs(problem.X))) or 1.0
    formulas = [_wave(part, scale * (k + 2), level * (1 + _TRIAL.apart * k)) for k, part in enumerate(form.parts)]
    return form.law(formulas, [level + _TRIAL.between * k for k in range(len(form.constants))])


def _wave(part: Part, scale: float, level: float) -> Node:
    total: Node = Number(_TRIAL.phase)
    for k, name in enumerate(part.arguments):
        total = add(total, multiply(Number((1 + _TRIAL.turned * k) / scale), Variable(name)))
    return add(Number(level), multiply(Number(_TRIAL.wave * level), call("sin", total)))


def _unknowns(law: Node, form: Form) -> dict[str, Node]:
    values = {name: Number(value) for name, value in form.values(law).items()}
    return {**form.formulas(law), **values}


def _law(unknowns: Mapping[str, Node], form: Form) -> Node:
    constants = (_folded(unknowns[name]) for name in form.constants)
    return form.law([unknowns[p.name] for p in form.parts], [n.value for n in constants if isinstance(n, Number)])


def _folded(node: Node) -> Node:
    """Return a number where there is no variable."""
    return node if variables(node) else Number(float(evaluate(node, {}, 1)[0]))


def _constant_term(formula: Node) -> tuple[float, Node]:
    """Return the sum of the terms without variables, and the formula without them."""
    terms = list(_terms(simplify(formula), 1.0))
    constant = sum(sign * float(evaluate(node, {}, 1)[0]) for sign, node in terms if not variables(node))
    rest: Node | None = None
    for sign, node in terms:
        if variables(node):
            rest = scaled(sign, node) if rest is None else Apply("+" if sign > 0 else "-", (rest, node))
    return constant, Number(0.0) if rest is None else rest


def _terms(node: Node, sign: float) -> Iterator[tuple[float, Node]]:
    if isinstance(node, Apply) and node.op in ("+", "-"):
        yield from _terms(node.args[0], sign)
        yield from _terms(node.args[1], sign if node.op == "+" else -sign)
    elif isinstance(node, Apply) and node.op == NEGATION:
        yield from _terms(node.args[0], -sign)
    else:
        yield sign, node


def _coefficient(formula: Node) -> tuple[float, Node]:
    """Return the coefficient of the first term that has a variable, and the formula over it."""
    simple = simplify(formula)
    found = next((sign * _factor(node) for sign, node in _terms(simple, 1.0) if variables(node)), _factor(simple))
    if not (np.isfinite(found) and found):
        return 1.0, simple
    return found, simplify(divide(simple, Number(found)))


def _factor(node: Node) -> float:
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Apply):
        return 1.0
    if node.op == NEGATION:
        return -_factor(node.args[0])
    if node.op == "*":
        return _factor(node.args[0]) * _factor(node.args[1])
    if node.op == "/":
        return _factor(node.args[0]) / (_factor(node.args[1]) or np.nan)
    if node.op in ("+", "-"):
        return next((sign * _factor(term) for sign, term in _terms(node, 1.0) if variables(term)), 1.0)
    return 1.0
