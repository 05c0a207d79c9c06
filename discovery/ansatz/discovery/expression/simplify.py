"""A canonical, readable form: sums of terms and products of powers, collected and cancelled.

A sum is kept as {term: coefficient}, a product as a coefficient and {base: exponent}. Every rule holds wherever the
formula as given is defined; the result may be defined on more. Rules that need a positive base are used only for bases
known to be positive. A number given by a name, as pi, stays by itself: a base as variables are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.node import Apply, Node, Number, Variable, complexity, is_integer

_ONE = Number(1.0)
_ODD = frozenset({"sin", "tan", "asin", "atan", "sinh", "tanh", "sign"})
_EVEN = frozenset({"cos", "cosh", "abs"})
_INVERSE = {("exp", "log"), ("log", "exp"), ("sin", "asin"), ("cos", "acos"), ("tan", "atan")}


@dataclass(frozen=True)
class _Limits:
    """Bound the work of simplifying.

    Attributes:
        passes: over a formula, at most: each makes it shorter, and few need more than two.
        rounding: relative difference of numbers that are equal but for the rounding of float64.
        quarters: multiples of π/2 beside an argument of a wave that are taken out, at most.
    """

    passes: int = 4
    rounding: float = 1e-14
    quarters: int = 8


_LIMITS: Final = _Limits()


def simplify(node: Node, positive: Collection[str] = (), roots: bool = True) -> Node:
    """Return an equal formula in canonical form, never more complex than the one given, nor with larger exponents than
    the grammar takes: x**60*x**60 stays as it is.

    `positive` names variables known to be > 0 on the domain of interest; with `roots` a power of 1/2 is written sqrt.
    """
    simplifier = _Simplifier(frozenset(positive), roots)
    best = node
    for _ in range(_LIMITS.passes):
        try:
            result = simplifier.canonical(node)
        except (ValueError, OverflowError, ZeroDivisionError):  # a constant part beyond float64
            break
        if complexity(result) <= complexity(best) and has_exponents_within(result):
            best = result
        if result == node:
            break
        node = result
    return best


class _Simplifier:
    def __init__(self, positive: frozenset[str], roots: bool) -> None:
        self._positive = positive
        self._roots = roots
        # The same parts are met again and again on the way up.
        self._canonical: dict[Node, Node] = {}
        self._split: dict[Node, tuple[float, dict[Node, float]]] = {}

    def canonical(self, node: Node) -> Node:
        if not isinstance(node, Apply):
            return node
        if node not in self._canonical:
            self._canonical[node] = self._canonical_form(node)
        return self._canonical[node]

    def _canonical_form(self, node: Apply) -> Node:
        if node.op == tree.LAW:
            return Apply(node.op, tuple(self.canonical(a) for a in node.args))
        if _is_number(node):
            return _number(float(evaluate(node, {}, 1)[0]))
        if node.op in ("+", "-"):
            return self._from_terms(self._terms(node))
        if node.op in ("*", "/", tree.NEGATION, "**", "sqrt"):
            return self._cancelled(self._from_factors(*self._factors(node)))
        return self._function(node.op, tuple(self.canonical(a) for a in node.args))

    def _cancelled(self, product: Node) -> Node:
        """Return a product with a sum multiplied out, where that makes it simpler: x*(1/x + 2) is 1 + 2*x."""
        opened = self._opened(product) if isinstance(product, Apply) and product.op in ("*", "/") else None
        whole = product if opened is None else self._sum(opened)
        return whole if complexity(whole) < complexity(product) else product

    def _shifted(self, op: str, argument: Node) -> Node | None:
        """sin or cos of what is shifted by quarter turns, without the shift; None where there is none."""
        terms = self._terms(argument) if op in ("sin", "cos") and _is_sum(argument) else {}
        quarters = terms.pop(_ONE, 0.0) / (math.pi / 2) + 2 * terms.pop(tree.PI, 0.0)
        whole = round(quarters)
        if not whole or abs(whole) > _LIMITS.quarters or abs(quarters - whole) > _LIMITS.rounding * abs(whole):
            return None
        # cos is sin a quarter on; of four quarters two have the sign of the first.
        turn = (whole + (op == "cos")) % 4
        inner = self._function("sin" if turn % 2 == 0 else "cos", (self._from_terms(terms),))
        return inner if turn < 2 else self._from_factors(*self._factors(Apply(tree.NEGATION, (inner,))))

    def _function(self, op: str, args: tuple[Node, ...]) -> Node:
        if op == tree.INTEGRAL:
            return Apply(op, args)
        if len(args) == 2:
            return args[0] if args[0] == args[1] else Apply(op, args)
        (argument,) = args
        if isinstance(argument, Apply) and (op, argument.op) in _INVERSE:
            return argument.args[0]
        if (unshifted := self._shifted(op, argument)) is not None:
            return unshifted
        if op == "abs" and self._is_positive(argument):
            return argument
        if (op in _ODD or op in _EVEN) and (flipped := self._without_sign(argument)) is not None:
            inner = Apply(op, (flipped,))
            return inner if op in _EVEN else self._from_factors(-1.0, {inner: 1.0})
        return Apply(op, args)

    def _without_sign(self, node: Node) -> Node | None:
        """-node where node carries a leading minus, else None."""
        coefficient, factors = self._factors(node)
        return self._from_factors(-coefficient, factors) if coefficient < 0 else None

    def _is_positive(self, node: Node) -> bool:
        if isinstance(node, Number):
            return node.value > 0
        if isinstance(node, Variable):
            return node.name in self._positive
        if node.op in ("+", "*", "/", "sqrt"):
            return all(self._is_positive(a) for a in node.args)
        return node.op in ("exp", "cosh") or (node.op == "**" and self._is_positive(node.args[0]))

    # Sums -----------------------------------------------------------------------------------------------------

    def _terms(self, node: Node) -> dict[Node, float]:
        """{term without coefficient: coefficient}; a constant has the term 1. In order of appearance."""
        terms: dict[Node, float] = {}
        for sign, part in _summands(node, 1.0):
            canonical = self.canonical(part)
            for inner_sign, piece in _summands(canonical, sign):
                coefficient, factors = self._factors(piece)
                term = self._from_factors(1.0, factors)
                terms[term] = terms.get(term, 0.0) + inner_sign * coefficient
        self._open_brackets(terms)
        self._without_hyperbolic(terms)
        largest = max((abs(c) for c in terms.values()), default=0.0)
        # What cancels leaves rounding behind; it is no term.
        return {t: c for t, c in terms.items() if abs(c) > 1e-300 and not (len(terms) > 1 and abs(c) < 1e-17 * largest)}

    def _open_brackets(self, terms: dict[Node, float]) -> None:
        """Multiply out 2*x*(x + 1) beside another term in x**2 or x, with which a part of it merges."""
        brackets = {t: opened for t in terms if (opened := self._opened(t)) is not None}
        for bracket, inner in brackets.items():
            others = [t for t in terms if t != bracket and t not in brackets]
            others += [t for other, parts in brackets.items() if other != bracket for t in parts]
            if any(t in others for t in inner):
                coefficient = terms.pop(bracket)
                for term, c in inner.items():
                    terms[term] = terms.get(term, 0.0) + coefficient * c

    def _opened(self, term: Node) -> dict[Node, float] | None:
        """Return the terms of a product with one sum for a factor, multiplied out; None of others."""
        if _is_sum(term):
            return self._terms(term)
        if not (isinstance(term, Apply) and term.op in ("*", "/")):
            return None
        coefficient, factors = self._factors(term)
        sums = [b for b, e in factors.items() if _is_sum(b) and e == 1.0]
        if len(sums) != 1:
            return None
        rest = self._from_factors(coefficient, {b: e for b, e in factors.items() if b != sums[0]})
        opened: dict[Node, float] = {}
        for part, c in self._terms(sums[0]).items():
            outer, joined = self._join(c, [(part, 1.0), (rest, 1.0)])
            product = self._from_factors(1.0, joined)
            opened[product] = opened.get(product, 0.0) + outer
        return opened

    def _without_hyperbolic(self, terms: dict[Node, float]) -> None:
        """sinh(u) and cosh(u) as exponentials, where that leaves fewer terms."""
        for u in [t.args[0] for t in terms if isinstance(t, Apply) and t.op in ("sinh", "cosh")]:
            halves = {sign: terms.get(Apply(op, (u,)), 0.0) / 2 for sign, op in ((1.0, "cosh"), (-1.0, "sinh"))}
            trial = {t: c for t, c in terms.items() if t not in (Apply("cosh", (u,)), Apply("sinh", (u,)))}
            for sign in (1.0, -1.0):
                exponential = self._from_factors(1.0, self._factors(Apply("exp", (tree.multiply(Number(sign), u),)))[1])
                parts = trial.pop(exponential, 0.0), halves[1.0], sign * halves[-1.0]
                if abs(sum(parts)) > _LIMITS.rounding * max(map(abs, parts)):
                    trial[exponential] = sum(parts)
            if len(trial) < len(terms):
                terms.clear()
                terms.update(trial)

    def _from_terms(self, terms: dict[Node, float]) -> Node:
        if not terms:
            return Number(0.0)
        plain = self._sum(terms)
        if len(terms) == 1:
            return plain
        factored = self._common_factor(terms)
        return factored if factored is not None and complexity(factored) < complexity(plain) else plain

    def _sum(self, terms: dict[Node, float]) -> Node:
        # A sum reads best when it starts with a positive term, its constant last unless only that is positive.
        ordered = sorted(terms.items(), key=lambda item: (item[1] < 0, item[0] == _ONE))
        total: Node | None = None
        for term, coefficient in ordered:
            if total is None:
                total = self._scaled(coefficient, term)
            else:
                op = "+" if coefficient > 0 else "-"
                total = Apply(op, (total, self._scaled(abs(coefficient), term)))
        assert total is not None
        return total

    def _scaled(self, coefficient: float, term: Node) -> Node:
        return self._from_factors(*self._join(coefficient, [(term, 1.0)]))

    def _common_factor(self, terms: dict[Node, float]) -> Node | None:
        split = [self._factors(self._scaled(c, t)) for t, c in terms.items()]
        common = dict(split[0][1])
        for _, factors in split[1:]:
            common = {
                base: min(e, factors[base], key=abs)
                for base, e in common.items()
                if base in factors and e * factors[base] > 0
            }
        sizes = {abs(c) for c, _ in split}
        coefficient = sizes.pop() if len(sizes) == 1 else 1.0
        if not common and coefficient == 1.0:
            return None
        inner: dict[Node, float] = {}
        for c, factors in split:
            rest = {base: e - common.get(base, 0.0) for base, e in factors.items()}
            term = self._from_factors(1.0, {b: e for b, e in rest.items() if e != 0.0})
            inner[term] = inner.get(term, 0.0) + c / coefficient
        bracket = self._sum(inner)
        common[bracket] = common.get(bracket, 0.0) + 1.0
        return self._product(coefficient, common)

    # Products -------------------------------------------------------------------------------------------------

    def _factors(self, node: Node) -> tuple[float, dict[Node, float]]:
        """Return a coefficient and {base: exponent}; bases are canonical."""
        if isinstance(node, Number) and not node.name:
            return node.value, {}
        if not isinstance(node, Apply):
            return 1.0, {node: 1.0}
        if node not in self._split:
            self._split[node] = self._factors_of(node)
        return self._split[node]

    def _factors_of(self, node: Apply) -> tuple[float, dict[Node, float]]:
        if _is_number(node):
            return float(evaluate(node, {}, 1)[0]), {}
        if node.op == tree.NEGATION:
            coefficient, factors = self._factors(node.args[0])
            return -coefficient, factors
        if node.op in ("*", "/"):
            second = 1.0 if node.op == "*" else -1.0
            return self._join(1.0, [(node.args[0], 1.0), (node.args[1], second)])
        if node.op == "sqrt":
            return self._raise(node.args[0], 0.5)
        if node.op == "**" and _is_number(node.args[1]):
            return self._raise(node.args[0], float(evaluate(node.args[1], {}, 1)[0]))
        if node.op == "**":
            return 1.0, {Apply("**", (self.canonical(node.args[0]), self.canonical(node.args[1]))): 1.0}
        canonical = self.canonical(node)
        if isinstance(canonical, Apply) and canonical.op == node.op and node.op not in ("+", "-"):
            return 1.0, {canonical: 1.0}
        return self._sum_as_factors(canonical) if _is_sum(canonical) else self._factors(canonical)

    def _sum_as_factors(self, canonical: Node) -> tuple[float, dict[Node, float]]:
        """Return a sum as a factor: -(a - b) is read as b - a with the sign outside only where all terms are
        negative."""
        terms = list(_summands(canonical, 1.0))
        if all(sign * _leading(part) < 0 for sign, part in terms):
            flipped = self._sum({t: -c for t, c in self._terms(canonical).items()})
            return -1.0, {flipped: 1.0}
        return 1.0, {canonical: 1.0}

    def _join(self, coefficient: float, parts: Iterable[tuple[Node, float]]) -> tuple[float, dict[Node, float]]:
        joined: dict[Node, float] = {}
        for part, sign in parts:
            c, factors = self._factors(part)
            coefficient *= c**sign
            for base, exponent in factors.items():
                joined[base] = joined.get(base, 0.0) + sign * exponent
        return coefficient, _merge_exponentials({b: e for b, e in joined.items() if e != 0.0})

    def _raise(self, node: Node, exponent: float) -> tuple[float, dict[Node, float]]:
        coefficient, factors = self._factors(node)
        if exponent == 0.0:
            return 1.0, {}
        whole = is_integer(exponent)
        # Of a positive base (base**inner)**p is base**(inner*p) for every p.
        if whole or (coefficient > 0 and all(map(self._is_positive, factors))):
            return coefficient**exponent, {b: e * exponent for b, e in factors.items()}
        if coefficient > 0:
            scale, coefficient = coefficient**exponent, 1.0
        else:
            scale = 1.0
        if len(factors) == 1 and coefficient == 1.0:
            ((base, inner),) = factors.items()
            if self._is_positive(base) or not is_integer(inner) or inner % 2 == 1:
                return scale, {base: inner * exponent}
        return scale, {self._product(coefficient, factors): exponent}

    def _from_factors(self, coefficient: float, factors: dict[Node, float]) -> Node:
        if coefficient == 0.0:
            return Number(0.0)
        coefficient, factors = self._unshifted(coefficient, factors)
        absorbed = self._absorb(coefficient, factors)
        return self._product(coefficient, factors) if absorbed is None else absorbed

    def _unshifted(self, coefficient: float, factors: dict[Node, float]) -> tuple[float, dict[Node, float]]:
        """exp(u + 2) beside a coefficient, or a sum that may have one, as a multiple of exp(u)."""
        if coefficient == 1.0 and not any(_is_sum(b) for b in factors):
            return coefficient, factors
        unshifted: dict[Node, float] = {}
        for factor, exponent in factors.items():
            base = factor
            if isinstance(factor, Apply) and factor.op == "exp" and _is_sum(factor.args[0]):
                terms = self._terms(factor.args[0])
                coefficient *= math.exp(exponent * terms.pop(_ONE, 0.0))
                base = Apply("exp", (self._from_terms(terms),))
            unshifted[base] = unshifted.get(base, 0.0) + exponent
        return coefficient, unshifted

    def _absorb(self, coefficient: float, factors: dict[Node, float]) -> Node | None:
        """Return the coefficient joined with a sum's own, where that saves a number: 2*(1.5*x + y) or 3/(2*x + 1)."""
        if coefficient == 1.0 and not any(_is_sum(b) and e != 1.0 for b, e in factors.items()):
            return None
        best: Node | None = None
        for base, exponent in factors.items():
            if not _is_sum(base) or not (is_integer(exponent) or self._is_positive(base)):
                continue
            rest = {b: e for b, e in factors.items() if b != base}
            terms = self._terms(base)
            for scale in dict.fromkeys(abs(c) for c in terms.values()):
                # factor `scale` out of the sum; or move the whole coefficient into it
                outer = coefficient * scale**exponent
                inner = self._sum({t: c / scale for t, c in terms.items()})
                best = _simpler(best, self._product(outer, {**rest, inner: exponent}))
            if exponent in (1.0, -1.0):
                inner = self._sum({t: c * coefficient**exponent for t, c in terms.items()})
                best = _simpler(best, self._product(1.0, {**rest, inner: exponent}))
        plain = self._product(coefficient, factors)
        if best is None or _weight(best) >= _weight(plain):
            return None
        return best

    def _product(self, coefficient: float, factors: dict[Node, float]) -> Node:
        factors = self._grouped(factors)
        above = [self._power(b, e) for b, e in factors.items() if e > 0]
        below = [self._power(b, -e) for b, e in factors.items() if e < 0]
        if below and above and is_integer(1.0 / coefficient) and not is_integer(coefficient):
            # x/(2*y) rather than 0.5*x/y: an integer reads better than a fraction.
            below.insert(0, _number(1.0 / abs(coefficient)))
            coefficient = math.copysign(1.0, coefficient)
        if coefficient == -1.0 and above:
            above[0] = Apply(tree.NEGATION, (above[0],))
        elif coefficient != 1.0 or not above:
            above.insert(0, _number(coefficient))
        numerator = _chain(above)
        return Apply("/", (numerator, _chain(below))) if below else numerator

    def _grouped(self, factors: dict[Node, float]) -> dict[Node, float]:
        """Bases under one broken exponent joined: sqrt(x*y) rather than sqrt(x)*sqrt(y)."""
        alike: dict[float, dict[Node, float]] = {}
        for base, exponent in factors.items():
            alike.setdefault(abs(exponent), {})[base] = exponent
        grouped: dict[Node, float] = {}
        for size, bases in alike.items():
            if is_integer(size) or len(bases) == 1:
                grouped.update(bases)
                continue
            # Above the bar unless the group would be a bare reciprocal: sqrt(x/y) rather than 1/sqrt(y/x).
            sign = 1.0 if any(e > 0 for e in bases.values()) else -1.0
            inner = self._product(1.0, {b: math.copysign(1.0, e) * sign for b, e in bases.items()})
            grouped[inner] = sign * size
        return grouped

    def _power(self, base: Node, exponent: float) -> Node:
        if exponent == 1.0:
            return base
        if exponent == 0.5 and self._roots:
            return Apply("sqrt", (base,))
        if isinstance(base, Apply) and base.op == "exp":
            return Apply("exp", (self._scaled(exponent, base.args[0]),))
        return Apply("**", (base, _number(exponent)))


def _summands(node: Node, sign: float) -> Iterable[tuple[float, Node]]:
    if isinstance(node, Apply) and node.op in ("+", "-"):
        yield from _summands(node.args[0], sign)
        yield from _summands(node.args[1], sign if node.op == "+" else -sign)
    elif isinstance(node, Apply) and node.op == tree.NEGATION:
        yield from _summands(node.args[0], -sign)
    else:
        yield sign, node


def _is_sum(node: Node) -> bool:
    return isinstance(node, Apply) and node.op in ("+", "-")


def _leading(node: Node) -> float:
    """Return a number with the sign of the node's coefficient."""
    while isinstance(node, Apply) and node.op in ("*", "/"):
        node = node.args[0]
    if isinstance(node, Apply) and node.op == tree.NEGATION:
        return -1.0
    return node.value if isinstance(node, Number) else 1.0


def _is_number(node: Node) -> bool:
    """Return whether the node has one value, and none of its numbers was given by a name."""
    return not any(isinstance(n, Variable) or (isinstance(n, Number) and n.name) for n in tree.walk(node))


def _merge_exponentials(factors: dict[Node, float]) -> dict[Node, float]:
    """exp(a)*exp(b) as exp(a + b)."""
    exponentials = [(b, e) for b, e in factors.items() if isinstance(b, Apply) and b.op == "exp"]
    if len(exponentials) < 2:
        return factors
    total: Node | None = None
    for base, exponent in exponentials:
        assert isinstance(base, Apply)
        term = base.args[0] if exponent == 1.0 else tree.multiply(_number(exponent), base.args[0])
        total = term if total is None else tree.add(total, term)
    assert total is not None
    rest = {b: e for b, e in factors.items() if not (isinstance(b, Apply) and b.op == "exp")}
    return {**rest, Apply("exp", (simplify(total),)): 1.0}


def _weight(node: Node) -> tuple[int, int]:
    """Nodes, then numbers that are no integers."""
    return complexity(node) + len(tree.constants(node)), complexity(node)


def _simpler(best: Node | None, other: Node) -> Node:
    return other if best is None or _weight(other) < _weight(best) else best


def _chain(parts: list[Node]) -> Node:
    product = parts[0]
    for part in parts[1:]:
        product = Apply("*", (product, part))
    return product


def _number(value: float) -> Number:
    if not math.isfinite(value):
        raise ValueError("a constant part of the formula is not finite")
    return Number(value)
