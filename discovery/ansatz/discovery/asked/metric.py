"""Metrics: the space in which a law is simplest, z = T(y), and the way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.errors import Violation
from ansatz.discovery.expression import Apply, Array, Node, Number, add, call, divide
from ansatz.discovery.expression.node import NEGATION

PLAIN: Final = ""
AUTO: Final = "auto"
GUESS: Final = "guess:"
FIELD: Final = "options.metric"
_ONE: Final = Number(1.0)


@dataclass(frozen=True, eq=False)
class Metric:
    """Hold a space of the target, z = forward(y), and the way back; all elementwise.

    Attributes:
        name: as a caller gives it.
        forward: z of y.
        inverse: y of z.
        slope: |dz/dy| at y.
        restored: makes of a formula of z one of y.
        holds: whether each y lies in the domain.
        domain: the same in words.
        needs: the function that the way back uses; empty for none.
    """

    name: str
    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    restored: Callable[[Node], Node]
    holds: Callable[[Array], NDArray[np.bool_]]
    domain: str
    needs: str = ""


def _within(y: Array) -> NDArray[np.bool_]:
    return (y > 0) & (y < 1)


def _negated(node: Node) -> Node:
    return Apply(NEGATION, (node,))


LOG: Final = Metric(
    "log", np.log, np.exp, lambda y: 1 / np.abs(y), lambda z: call("exp", z), lambda y: y > 0, "more than 0", "exp"
)
LOG_LOG: Final = Metric(
    "log-log",
    lambda y: np.log(-np.log(y)),
    lambda z: np.exp(-np.exp(z)),
    lambda y: 1 / np.abs(y * np.log(y)),
    lambda z: call("exp", _negated(call("exp", z))),
    _within,
    "between 0 and 1",
    "exp",
)
LOGIT: Final = Metric(
    "logit",
    lambda y: np.log(y) - np.log1p(-y),
    lambda z: 1 / (1 + np.exp(-z)),
    lambda y: 1 / (y * (1 - y)),
    lambda z: divide(_ONE, add(_ONE, call("exp", _negated(z)))),
    _within,
    "between 0 and 1",
    "exp",
)
TRIED: Final = (LOG, LOG_LOG, LOGIT)
"""The metrics that `auto` looks at beside the plain target, which must be in their domain."""


def guess(rate: float) -> Metric:
    """Return the target over a known guess rate."""
    return Metric(
        f"{GUESS}{rate:g}",
        lambda y: y - rate,
        lambda z: z + rate,
        np.ones_like,
        lambda z: add(z, Number(rate)),
        lambda y: np.ones(y.shape, dtype=bool),
        "any number",
    )


def named(text: str) -> Metric | None:
    """Return the metric of that name; None for the plain target and for auto. Raises ValueError for what is no
    metric."""
    if text in (PLAIN, AUTO):
        return None
    known = {m.name: m for m in TRIED}
    if text in known:
        return known[text]
    rate = float(text.removeprefix(GUESS)) if text.startswith(GUESS) else math.nan
    if not math.isfinite(rate):
        raise ValueError(text)
    return guess(rate)


def violations(text: str, ansatz: str, functions: Collection[str]) -> Iterator[Violation]:
    """Yield what is wrong with a metric, whatever the data."""
    try:
        metric = named(text)
    except ValueError:
        names = ", ".join((*(m.name for m in TRIED), f"{GUESS}G with a number G", AUTO))
        yield Violation(FIELD, f"{text[:80]!r} is no metric; metrics: {names}")
        return
    if text and ansatz:
        yield Violation(FIELD, f"is {text!r} beside an ansatz, which says itself how the target depends on the law")
    if metric is not None and metric.needs and metric.needs not in functions:
        yield Violation(
            FIELD, f"{text!r} leads back by {metric.needs}, which options.functions leaves out; add it there"
        )


def domain_violations(metric: Metric | None, target: str, y: Array) -> Iterator[Violation]:
    """Yield values of the target outside the metric's domain: how many, and the first."""
    outside = np.flatnonzero(~metric.holds(y)) if metric else np.empty(0, dtype=np.intp)
    if metric and outside.size:
        row = int(outside[0])
        more = f" (and {outside.size - 1} more rows)" if outside.size > 1 else ""
        text = f"{metric.name!r} needs a target {metric.domain}; {target!r} is {y[row]:g} in row {row + 1}{more}"
        yield Violation(FIELD, f"{text}; leave such rows out or give another metric")


def usable(metric: Metric, y: Array, functions: Collection[str]) -> bool:
    """Return whether every value is in the domain and the way back may be written."""
    if metric.needs and metric.needs not in functions:
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(metric.holds(y))) and bool(np.all(np.isfinite(metric.forward(y))))


def change_of_variables_bits(metric: Metric, y: Array, y_scale: float, z_scale: float) -> float:
    """Return what to add to a residual's bits in z, to have those in y: the densities differ by |dz/dy|.

    Each is told to the rounding of its own values.
    """
    return float(np.sum(np.log2(z_scale / (metric.slope(y) * y_scale))))
