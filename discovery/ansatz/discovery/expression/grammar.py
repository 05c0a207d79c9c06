"""A closed grammar for formulas, and its parser.

    expression := term (("+" | "-") term)*
    term       := factor (("*" | "/") factor)*
    factor     := ("+" | "-") factor | power
    power      := atom ("**" factor)?                 right-associative
    atom       := number | name | function "(" expression ("," expression)* ")" | "(" expression ")"
                | "integral" "(" expression "," name "," expression "," expression ")"

The name pi is the number, unless it is among the names that the formula may use. In an ansatz f, g and h followed by a
bracket are functions as well: unknown ones, to be found.
Precedence and associativity are Python's. Nothing is ever executed: text becomes a tree or an error. Length, nesting,
size and exponents are bounded, so that no text can exhaust memory or time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Final

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.expression.node import Apply, Node, Number, Variable
from ansatz.discovery.expression.printing import to_text

MAX_LENGTH: Final = 4096
MAX_NESTING: Final = 64
MAX_NODES: Final = 500
MAX_EXPONENT: Final = 100.0

_TOKEN: Final = re.compile(
    r"[ \t]*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op>\*\*|[-+*/(),]))"
)
_END: Final = ("end", "", -1)
_Token = tuple[str, str, int]


def parse(
    text: str, names: Collection[str] = (), field: str = "formula", *, others: bool = False, parts: bool = False
) -> Node:
    """Return the tree of `text`.

    `names` are the variables it may use; with `others` it may use any that are no functions. `field` is how errors call
    the text. With `parts` f, g and h may be called, as functions that are unknown. Raises InvalidInputError with the
    place and the remedy where the text is not of the grammar, or too large.
    """
    return _Parser(text, frozenset(names), field, others, tree.PARTS if parts else ()).parse()


class _Parser:
    def __init__(self, text: str, names: frozenset[str], field: str, others: bool, parts: tuple[str, ...]) -> None:
        self._names = names
        self._others = others
        self._field = field
        self._parts = parts
        self._bound: str | None = None
        if len(text) > MAX_LENGTH:
            raise self._error(f"has {len(text)} characters; give at most {MAX_LENGTH}")
        if not text.strip():
            raise self._error('is empty; give a formula such as "0.5*x**2"')
        self._tokens = self._tokenise(text.strip())
        self._position = 0
        self._nesting = 0
        self._operators = 0

    def parse(self) -> Node:
        node = self._expression()
        kind, text, place = self._peek()
        if kind != "end":
            raise self._error(f"has {text!r} at character {place + 1}, where an operator or the end should stand")
        if (size := tree.complexity(node)) > MAX_NODES:
            raise self._error(f"has {size} nodes; give at most {MAX_NODES}")
        return node

    def _error(self, description: str) -> InvalidInputError:
        return InvalidInputError([Violation(self._field, description)])

    def _tokenise(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                found = text[place:].lstrip(" \t")[:1]
                at = len(text) - len(text[place:].lstrip(" \t")) + 1
                raise self._error(
                    f"has {found!r} at character {at}; use names, numbers, + - * / **, brackets and the "
                    f"functions {', '.join(tree.FUNCTIONS)}"
                )
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind), match.start(kind)))
            place = match.end()
        return tokens

    def _peek(self) -> _Token:
        return self._tokens[self._position] if self._position < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._position += 1
        return token

    def _accept(self, *operators: str) -> str | None:
        kind, text, _ = self._peek()
        if kind == "op" and text in operators:
            self._position += 1
            return text
        return None

    def _expect(self, operator: str) -> None:
        _, text, place = self._next()
        if text != operator:
            where = f"has {text!r} at character {place + 1}" if text else "ends"
            raise self._error(f"{where} where {operator!r} should stand")

    def _nested(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._error(f"is nested deeper than {MAX_NESTING}; write it flatter")

    def _expression(self) -> Node:
        self._nested()
        node = self._term()
        while operator := self._accept("+", "-"):
            node = self._joined(operator, node, self._term())
        self._nesting -= 1
        return node

    def _term(self) -> Node:
        node = self._factor()
        while operator := self._accept("*", "/"):
            node = self._joined(operator, node, self._factor())
        return node

    def _joined(self, operator: str, left: Node, right: Node) -> Node:
        """Return a chain of operators is a deep tree: it is refused while it grows, before anything walks it."""
        self._operators += 1
        if 2 * self._operators >= MAX_NODES:
            raise self._error(f"has more than {MAX_NODES} nodes; give at most {MAX_NODES}")
        return Apply(operator, (left, right))

    def _factor(self) -> Node:
        sign = self._accept("+", "-")
        if sign is None:
            return self._power()
        self._nested()
        operand = self._factor()
        self._nesting -= 1
        if sign == "+":
            return operand
        # -0 stays an operation: it divides as -0, and no number does.
        if isinstance(operand, Number) and operand.value != 0 and not operand.name:
            return Number(-operand.value)
        return Apply(tree.NEGATION, (operand,))

    def _power(self) -> Node:
        base = self._atom()
        if self._accept("**") is None:
            return base
        self._nested()
        exponent = self._factor()
        self._nesting -= 1
        value = _constant_value(exponent)
        if value is not None and not abs(value) <= MAX_EXPONENT:
            raise self._error(f"has an exponent of {value:g}; exponents lie within ±{MAX_EXPONENT:g}")
        return Apply("**", (base, exponent))

    def _atom(self) -> Node:
        kind, text, place = self._next()
        if kind == "number":
            value = float(text)
            if not math.isfinite(value):
                raise self._error(f"has the number {text[:40]}, which is beyond float64")
            return Number(value)
        if kind == "name":
            return self._call(text, place) if self._accept("(") else self._variable(text, place)
        if text == "(":
            node = self._expression()
            self._expect(")")
            return node
        where = f"has {text!r} at character {place + 1}" if text else "ends"
        raise self._error(f"{where} where a number, a name or a bracket should stand")

    def _variable(self, name: str, place: int) -> Variable | Number:
        if name == self._bound or name in self._names:
            return Variable(name)
        if name == tree.PI.name:
            return tree.PI
        if not self._others:
            known = ", ".join(sorted(self._names)) or "none"
            raise self._error(f"uses {name[:80]!r} at character {place + 1}, which is no column; columns: {known}")
        if name in (*tree.FUNCTIONS, tree.INTEGRAL):
            raise self._error(f"uses {name!r} at character {place + 1}, which is a function; give {name}(…)")
        return Variable(name)

    def _call(self, function: str, place: int) -> Node:
        if function == tree.INTEGRAL:
            return self._integral(place)
        known = (*tree.FUNCTIONS, *self._parts)
        if function not in known:
            raise self._error(
                f"calls {function[:80]!r} at character {place + 1}, which is no function; "
                f"functions: {', '.join((*known, tree.INTEGRAL))}"
            )
        arguments = [self._expression()]
        while self._accept(","):
            arguments.append(self._expression())
        self._expect(")")
        try:
            return Apply(function, tuple(arguments))
        except ValueError:
            raise self._error(
                f"calls {function} at character {place + 1} with {len(arguments)} arguments; it takes "
                f"{self._arguments(function)}"
            ) from None

    def _arguments(self, function: str) -> str:
        if function in self._parts:
            return f"1 to {tree.MAX_PART_ARGUMENTS}"
        return "2" if function in tree.BINARY_FUNCTIONS else "1"

    def _integral(self, place: int) -> Node:
        if self._bound is not None:
            raise self._error(f"has an integral within an integral at character {place + 1}; give one at a time")
        self._bound = self._integration_variable(place)
        body = self._expression()
        self._expect(",")
        variable = Variable(self._next()[1])
        self._bound = None
        limits = []
        for end in (",", ","):
            self._expect(end)
            limits.append(self._expression())
        self._expect(")")
        return Apply(tree.INTEGRAL, (body, variable, *limits))

    def _integration_variable(self, place: int) -> str:
        """Return the name after the comma that ends the body, which the body may use."""
        depth, ahead = 0, self._position
        for kind, text, _ in self._tokens[self._position :]:
            depth += {"(": 1, ")": -1}.get(text, 0) if kind == "op" else 0
            if depth < 0 or (depth == 0 and kind == "op" and text == ","):
                break
            ahead += 1
        kind, name, _ = self._tokens[ahead + 1] if ahead + 1 < len(self._tokens) else _END
        if kind != "name" or self._tokens[ahead][1] != ",":
            raise self._error(
                f"has an integral at character {place + 1} without its variable; give integral(body, t, from, to)"
            )
        if not is_name(name) or name in self._names:
            raise self._error(
                f"integrates over {name[:80]!r} at character {place + 1}, which is a column or a function; "
                "give another name"
            )
        return name


def _constant_value(node: Node) -> float | None:
    """Return the value of a part that is the same in every row; None of others."""
    if isinstance(node, Number):
        return node.value
    if tree.variables(node) or any(tree.calls(node, *tree.PARTS)):
        return None
    return float(evaluate(node, {}, 1)[0])


def has_exponents_within(formula: Node) -> bool:
    """Return whether the grammar takes every exponent of the formula."""
    values = (_constant_value(power.args[1]) for power in tree.calls(formula, "**"))
    return all(value is None or abs(value) <= MAX_EXPONENT for value in values)


def read_back(formula: Node) -> Node | None:
    """Return the formula as the grammar reads it where it is printed: its tree and size; None where it is refused."""
    try:
        return parse(to_text(formula), tree.variables(formula))
    except InvalidInputError:
        return None


def is_readable(formula: Node) -> bool:
    """Return whether the grammar takes the formula as it is printed."""
    return read_back(formula) is not None


def is_name(text: str) -> bool:
    """Return whether `text` can stand for a variable in a formula."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None and text not in (
        *tree.FUNCTIONS,
        tree.INTEGRAL,
    )


__all__ = [
    "MAX_EXPONENT",
    "MAX_LENGTH",
    "MAX_NESTING",
    "MAX_NODES",
    "has_exponents_within",
    "is_name",
    "is_readable",
    "parse",
    "read_back",
]
