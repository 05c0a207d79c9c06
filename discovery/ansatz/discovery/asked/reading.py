"""What an ansatz has in common for every kind of observations: names, free constants, functions, limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import MAX_PARAMETERS, Parameter
from ansatz.discovery.data.names import Names
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import FUNCTIONS, Apply, Node, Number, substitute, variables, walk
from ansatz.discovery.expression.grammar import is_readable
from ansatz.discovery.expression.node import INTEGRAL, PARTS, calls
from ansatz.discovery.expression.numbers import kept, kept_whole

FIELD: Final = "options.ansatz"
_SHOWN = 5
# The longest texts that constants have, small and large: as an exponent one of them is within the grammar's bounds.
_LONG: Final = (-1.2345678901234567e-10, -1.2345678901234567, -1.2345678901234567e100)


@dataclass(frozen=True)
class Reading:
    """A caller's formulas as they were read: one for a table or curves, one for each equation of a motion.

    Their free constants are variables, each with its Parameter in `parameters`, in order of appearance; the other
    variables are inputs.
    """

    formulas: tuple[Node, ...]
    parameters: tuple[Parameter, ...]

    @property
    def free(self) -> tuple[str, ...]:
        """Return the names of the free constants."""
        return tuple(p.name for p in self.parameters)


def read(texts: Sequence[str], names: Names, options: Options, *, forms: bool = False) -> Reading:
    """Return the formulas of an ansatz. Raises InvalidInputError.

    Where formulas may be `forms` around what is unknown, they may call f, g and h, and integral.
    """
    formulas = tuple(names.parse(text, FIELD, free=True, parts=forms) for text in texts)
    if not forms and (refused := [v for f in formulas for v in integral_violations(f, FIELD)]):
        raise InvalidInputError(refused)
    used = dict.fromkeys(name for formula in formulas for name in variables(formula))
    stated = {p.name: p for p in options.parameters}
    free = tuple(stated.get(name) or Parameter(name) for name in used if name not in names.usable)
    return Reading(tuple(_with_numbers_given(f, free, options) for f in formulas), free)


def _with_numbers_given(formula: Node, free: Sequence[Parameter], options: Options) -> Node:
    """Return a formula in which the numbers that no fit may change are told: beside named constants all, as they are
    meant, unless the caller frees those that are not whole."""
    if _is_form(formula):
        return formula  # the form of unknown parts stays as a whole
    if options.fixed_numbers or (free and not options.free_numbers):
        return kept(formula)
    return kept_whole(formula) if free else formula


def _is_form(formula: Node) -> bool:
    return next(calls(formula, *PARTS), None) is not None


def violations(reading: Reading, names: Names, options: Options) -> Iterator[Violation]:
    """Return what is wrong with an ansatz of any kind: functions, names and parameters."""
    nodes = (node for formula in reading.formulas for node in walk(formula))
    called = {node.op for node in nodes if isinstance(node, Apply) and node.op in FUNCTIONS}
    # Laws of motion call sign, which is none of those that are searched where the caller names none.
    allowed = set(options.functions if "functions" in options.given else FUNCTIONS)
    if refused := sorted(called - allowed):
        yield Violation(FIELD, f"calls {', '.join(refused)}, which options.functions leaves out; add it there")
    for name in (n for n in reading.free if n in names.roles):
        role = names.roles[name]
        yield Violation(FIELD, f"uses {name!r}, which is {role}; name inputs, or call the constant otherwise")
    for i, parameter in enumerate(options.parameters):
        if parameter.name not in reading.free:
            yield not_free(f"options.parameters[{i}].name", parameter.name, reading)


def integral_violations(formula: Node, place: str) -> Iterator[Violation]:
    """Return that a formula has an integral where only formulas of a table may."""
    if next(calls(formula, INTEGRAL), None) is not None:
        yield Violation(place, "calls integral, which only formulas of a table may; write out what it comes to")


def not_free(place: str, name: str, reading: Reading) -> Violation:
    """Return that a name which should be that of a free constant is none."""
    known = ", ".join(reading.free) or "none"
    return Violation(place, f"{name[:80]!r} is no free constant of the ansatz; its free constants: {known}")


def size_violations(reading: Reading, count: int, rows: int) -> Iterator[Violation]:
    """Return that `count` constants are too many to fit, in all or for as many rows, or that a formula is too long to
    be given back with its constants."""
    more = ", …" if len(reading.free) > _SHOWN else ""
    shown = f"{', '.join(reading.free[:_SHOWN])}{more}" or "its numbers"
    if count > MAX_PARAMETERS:
        yield Violation(FIELD, f"has {count} constants to fit ({shown}); give at most {MAX_PARAMETERS}")
    elif count >= rows:
        yield Violation(FIELD, f"has {count} constants to fit ({shown}) on {rows} rows; give more rows")
    elif not all(_can_be_given_back(formula, reading.free) for formula in reading.formulas):
        text = f"is too long or nested too deep to be given back with its constants in digits ({shown}); shorten it"
        yield Violation(FIELD, text)


def _can_be_given_back(formula: Node, free: Sequence[str]) -> bool:
    """Return whether the grammar takes the formula with long negative numbers for its free constants."""
    return _is_form(formula) or any(
        is_readable(substitute(formula, dict.fromkeys(free, Number(value)))) for value in _LONG
    )


__all__ = ["FIELD", "Reading", "integral_violations", "not_free", "read", "size_violations", "violations"]
