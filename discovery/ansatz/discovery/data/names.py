"""The names of columns in formulas, and what they stand for."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import FUNCTIONS, Node, Variable, parse, substitute, variables
from ansatz.discovery.expression.node import INTEGRAL

_RESERVED = frozenset({*FUNCTIONS, INTEGRAL, "np"})


@dataclass(frozen=True)
class Names:
    """Say what the columns of some observations are called in formulas. Made once, by the observations.

    Attributes:
        identifiers: by column that a report may show, what stands for it in formulas; itself where it can.
        usable: the identifiers that a formula of these observations may hold, in order.
        aliases: by what a caller may write for them, such identifiers, where the two differ.
        roles: by column that formulas do not hold, what it is, such as "the target".
    """

    identifiers: Mapping[str, str]
    usable: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Sequence[str], shown: Sequence[str] = (), roles: Mapping[str, str] | None = None) -> Names:
        """Return the names of `columns` that formulas may hold, and of others that reports show.

        `roles` say what columns are that formulas do not hold. No identifier made here is one of their names.
        """
        made = _identifiers((*columns, *shown), roles or {})
        usable = {column: made[column] for column in columns}
        return cls(made, tuple(usable.values()), _aliases(usable, made.values()), roles or {})

    def with_more(self, more: Mapping[str, str]) -> Names:
        """Return these names and further identifiers that formulas may hold, each by what a caller may write for it."""
        aliases = _aliases(more, (*self.identifiers.values(), *more.values()))
        return replace(self, usable=(*self.usable, *more.values()), aliases={**self.aliases, **aliases})

    @property
    def renamed(self) -> dict[str, str]:
        """Return the columns by the identifiers that stand for them, where the two differ."""
        return {name: column for column, name in self.identifiers.items() if name != column}

    def parse(self, text: str, place: str, *, free: bool = False, parts: bool = False) -> Node:
        """Return a caller's formula in terms of `usable`; `pi` is the number unless a column has that name.

        `place` is how errors call the text. With `free` every other name stands for a free constant and stays a
        variable; with `parts` f, g and h may be called. Raises InvalidInputError.
        """
        known: dict[str, Node] = {alias: Variable(name) for alias, name in self.aliases.items()}
        try:
            formula = parse(text, {*self.usable, *known}, place, others=free, parts=parts)
        except InvalidInputError:
            # A column that is no input is told from a name that is no column.
            held = parse(text, {*self.usable, *known, *self.roles}, place, others=free, parts=parts)
            if not (name := next((n for n in variables(held) if n in self.roles), "")):
                raise
            text = f"uses {name!r}, which is {self.roles[name]}; leave it out, or name the inputs"
            raise InvalidInputError([Violation(place, text)]) from None
        return substitute(formula, known)

    def parse_all(self, texts: Sequence[str], place: str) -> tuple[Node, ...]:
        """Return formulas as `parse` has them. Raises InvalidInputError with every violation."""
        formulas: list[Node] = []
        violations: list[Violation] = []
        for i, text in enumerate(texts):
            try:
                formulas.append(self.parse(text, f"{place}[{i}]"))
            except InvalidInputError as error:
                violations.extend(error.violations)
        if violations:
            raise InvalidInputError(violations)
        return tuple(formulas)


def _identifiers(columns: Sequence[str], others: Collection[str]) -> dict[str, str]:
    """Return the identifier of each column: itself where it can stand in a formula, else one that no column has."""
    taken: set[str] = {c for c in (*columns, *others) if _can_stand(c)}
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


def _aliases(names: Mapping[str, str], identifiers: Collection[str]) -> dict[str, str]:
    """Return those of the names that a formula may hold in place of their identifiers."""
    return {text: name for text, name in names.items() if text not in FUNCTIONS and text not in identifiers}


def _can_stand(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and name not in _RESERVED


def rate_name(state: str) -> str:
    """Return the name of a state's first derivative."""
    return f"{state}_t"


__all__ = ["Names", "rate_name"]
