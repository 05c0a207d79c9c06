"""Laws that nobody listed: sums of terms that curves are made of, and what the searchers of tables find.

These are asked for the values, for the values above a floor, and for what the best law leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.composites import NAME, SOURCE, composites
from ansatz.discovery.curves.fit import QUICK, CurveFit, fit_law
from ansatz.discovery.curves.laws import BOUNDS, Law, Parameter
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.search import FAMILY_BITS, Contest
from ansatz.discovery.data.curves import ValueScale
from ansatz.discovery.evidence.description_length import formula_bits
from ansatz.discovery.expression import (
    Array,
    Node,
    Number,
    Variable,
    add,
    complexity,
    multiply,
    simplify,
    substitute,
    to_text,
    variables,
)
from ansatz.discovery.expression.node import rebuild
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import START, Origin


@dataclass(frozen=True)
class _Limits:
    """Say how far laws are searched freely. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        pieces: of work for each target.
        taken: formulas of each target that become laws.
        far: standard deviations off the best law beyond which a row is left out of the search.
        near: share of the rows above which the others are left out at all.
        join_bits: that joining a formula to a floor costs.
        reductions: of a formula whose constants can stand in for each other.
        degenerate: singular value over the largest, below which they can.
        spread: factor either way, of the value from which the search for a constant starts.
    """

    pieces: int = 60
    taken: int = 6
    far: float = 6.0
    near: float = 0.9
    join_bits: float = 3.5
    reductions: int = 4
    degenerate: float = 1e-6
    spread: float = 2.0


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class _Target:
    """What a search explains, and how its formulas join into one of the values.

    Attributes:
        y: what is explained, `(n,)`.
        weights: of its squared errors, `(n,)`.
        joined_to: the formula that those found are joined to; None where they are of the values themselves.
        join: by which operation, "+" or "*".
        bits: that joining costs.
        origin: of what is found.
    """

    y: Array
    weights: Array
    joined_to: Node | None
    join: str
    bits: float
    origin: Origin


def search_freely(contest: Contest, options: Options, budget: Budget) -> None:
    """Search the contest's sample, and enter what is found as laws of their own."""
    from ansatz.discovery.search import structured
    from ansatz.discovery.search.archive import Archive
    from ansatz.discovery.search.baseline import Baseline
    from ansatz.discovery.search.portfolio import Portfolio

    _enter_composites(contest, options, budget)
    sample = contest.sample
    best = contest.found[0].fit
    near = np.abs(best.residuals) <= _LIMITS.far * best.noise
    rows = np.flatnonzero(near) if np.mean(near) > _LIMITS.near else np.arange(sample.rows)
    names = tuple(sample.columns)
    X = np.asfortranarray(np.column_stack([sample.columns[name][rows] for name in names]))
    functions = frozenset(options.functions)
    for target in _targets(contest):
        weights = target.weights[rows] / target.weights[rows].mean()
        problem = Problem(X, target.y[rows], names, functions, options.max_complexity, options.seed, weights)
        archive = Archive(problem)
        part = budget.part(pieces=_LIMITS.pieces)
        Portfolio([Baseline(), *structured.searchers()], None, lambda stage: None).run(problem, part, archive)
        contest.cut |= budget.spent
        for entry in archive.entries[: _LIMITS.taken]:
            enter_formula(contest, _joined(target, entry.formula), target.origin, target.bits, options)


def _enter_composites(contest: Contest, options: Options, budget: Budget) -> None:
    """Fit sums of terms that no law of the catalogue has; those of functions that are not allowed are left out."""
    inputs = len(contest.sample.columns)
    for law, binding in composites(contest.sample.columns):
        if budget.spent:
            contest.cut = True
            return
        if complexity(law.formula_tree) > options.max_complexity:
            continue
        fit = fit_law(CurveModel.on(law, binding, contest.sample.columns), contest.sample, options.seed, QUICK)
        if fit is not None and law.functions <= set(options.functions):
            contest.add(fit, Origin(f"{NAME}.terms"), formula_bits(law.formula_tree, inputs))


def enter_starts(contest: Contest, formulas: Iterable[Node], options: Options) -> None:
    """Enter the formulas to try first that columns of the sample make."""
    for formula in formulas:
        if not set(variables(formula)) <= set(contest.sample.columns):
            continue
        enter_formula(contest, formula, START, 0.0, options)


def enter_formula(contest: Contest, formula: Node, origin: Origin, bits: float, options: Options) -> None:
    """Fit a formula of columns as a law whose constants are its numbers that are no integers.

    Constants that others can stand in for are taken out of it.
    """
    for _ in range(_LIMITS.reductions):
        bound = law_of(formula, tuple(contest.sample.columns))
        if bound is None or complexity(formula) > origin.most_nodes(options.max_complexity, 0):
            return
        law, theta = bound
        model = CurveModel.on(law, {v: v for v in law.variables}, contest.sample.columns)
        start = np.clip(model.inward(theta), *model.bounds)
        fit = fit_law(model, contest.sample, options.seed, QUICK, also=(start[None, :],))
        if fit is None:
            return
        needless = _needless(fit)
        fitted = fit.model.formula(fit.u, "")
        if needless is None or fitted is None:
            contest.add(fit, origin, bits + formula_bits(law.formula_tree, len(contest.sample.columns)))
            return
        formula = simplify(_with_one(law.formula_tree, fit, needless), contest.positive)


def _needless(fit: CurveFit) -> str | None:
    """Return a factor that other constants can stand in for; None where every one counts."""
    _, slopes = fit.objective.residuals_and_slopes(fit.u[None, :])
    slopes = np.nan_to_num(slopes[0], nan=0.0, posinf=0.0, neginf=0.0)
    norm = np.linalg.norm(slopes, axis=0)
    _, singular, vt = np.linalg.svd(slopes / np.where(norm > 0, norm, 1.0), full_matrices=False)
    share = np.abs(vt[-1]) * fit.model.logarithmic
    if len(singular) < 2 or singular[-1] > _LIMITS.degenerate * singular[0] or not share.any():
        return None
    return fit.model.names[int(np.argmax(share))]


def _with_one(tree: Node, fit: CurveFit, needless: str) -> Node:
    values = fit.model.constants(fit.u) | {needless: 1.0}
    return substitute(tree, {name: Number(value) for name, value in values.items()})


def law_of(formula: Node, columns: Sequence[str]) -> tuple[Law, Array] | None:
    """Return a formula as a law with its numbers that are no integers as constants k1, k2, …, and their values.

    Return None where it has none, or no variable.
    """
    values: list[float] = []
    used = variables(formula)
    letter = next(a for a in ("k", "c", "q", "const_") if not any(re.fullmatch(rf"{a}\d+", name) for name in columns))

    def named(leaf: Number | Variable) -> Node:
        if isinstance(leaf, Variable) or not leaf.is_free:
            return leaf
        values.append(leaf.value)
        return Variable(f"{letter}{len(values)}")

    tree = rebuild(formula, named)
    if not values or not used:
        return None
    parameters = tuple(_parameter(f"{letter}{i + 1}", value) for i, value in enumerate(values))
    law = Law(NAME, SOURCE, used, to_text(tree), parameters, SOURCE, tree=tree)
    return law, np.array(values)


def _parameter(name: str, value: float) -> Parameter:
    if value > 0:
        return Parameter(name, *BOUNDS.own, value / _LIMITS.spread, value * _LIMITS.spread, logarithmic=True)
    return Parameter(name, start_lower=_LIMITS.spread * value, start_upper=value / _LIMITS.spread)


def _targets(contest: Contest) -> Iterator[_Target]:
    sample, best = contest.sample, contest.found[0]
    relative = sample.scale is ValueScale.LOG
    size = sample.y if relative else np.ones(sample.rows)
    weights = 1.0 / (size * sample.spread) ** 2
    yield _Target(sample.y, weights, None, "", 0.0, Origin(NAME))
    for found in contest.found:
        floor = found.law.limit and found.fit.model.constants(found.fit.u)[found.law.limit]
        if floor and 0 < floor < float(sample.y.min()):
            yield _Target(sample.y - floor, weights, Number(floor), "+", _LIMITS.join_bits, Origin(f"{NAME}.floor"))
            break
    formula = best.fit.model.formula(best.fit.u, "")
    if formula is None or best.law.implicit or best.law.name == NAME:
        return
    if relative:
        ratio = sample.y / best.fit.values
        yield _Target(ratio, 1.0 / sample.spread**2, formula, "*", FAMILY_BITS, Origin(f"{NAME}.residual"))
    else:
        rest = sample.y - best.fit.values
        yield _Target(rest, 1.0 / sample.spread**2, formula, "+", FAMILY_BITS, Origin(f"{NAME}.residual"))


def _joined(target: _Target, formula: Node) -> Node:
    if target.joined_to is None:
        return formula
    return (add if target.join == "+" else multiply)(target.joined_to, formula)
