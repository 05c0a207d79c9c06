"""The caller's ansatz: a formula of columns, numbers and free constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ansatz.discovery.asked import unknown_parts
from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import Loss, Parameter
from ansatz.discovery.asked.reading import FIELD, Reading, not_free, read, size_violations
from ansatz.discovery.asked.reading import violations as reading_violations
from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node, Number, variables, walk
from ansatz.discovery.expression.node import INTEGRAL, PARTS, calls, exponent_positions, is_integer
from ansatz.discovery.problem.form import Form


@dataclass(frozen=True)
class Ansatz:
    """A caller's formula.

    In `formula` the free constants are variables, each with its Parameter in `parameters`, in order of appearance; the
    other variables are inputs. Numbers without a name are starting values, those apart that are structure, unless
    `fixed_numbers` or there are unknown parts.
    """

    formula: Node
    parameters: tuple[Parameter, ...] = ()
    fixed_numbers: bool = False
    loss: Loss = Loss.SQUARED

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names, in formulas, of the inputs it uses."""
        free = {p.name for p in self.parameters}
        return tuple(name for name in variables(self.formula) if name not in free)

    @cached_property
    def form(self) -> Form | None:
        """Return the formula as a form around unknown parts; None where it calls none."""
        return unknown_parts.form_of(self.formula, [p.name for p in self.parameters])

    @property
    def coefficients(self) -> tuple[int, ...]:
        """Return the positions, among all its numbers, of those that a fit changes.

        There are none where numbers stay as given. Structure are whole exponents, and beside free constants all whole
        numbers, as in 1 - exp(-k*x).
        """
        if self.fixed_numbers or self.form is not None:
            return ()
        numbers = [n for n in walk(self.formula) if isinstance(n, Number)]
        structure = set(range(len(numbers))) if self.parameters else exponent_positions(self.formula)
        return tuple(
            p for p, n in enumerate(numbers) if n.is_free or (is_integer(n.value) and not n.name and p not in structure)
        )

    @property
    def constants_to_fit(self) -> int:
        """Return how many constants a fit changes."""
        return len(self.parameters) + len(self.coefficients)


def parse_ansatz(table: Table, options: Options) -> Ansatz | None:
    """Return the caller's ansatz, None where there is none.

    Raises InvalidInputError where it is not of the grammar, uses what the options do not allow, or has more constants
    than can be fitted.
    """
    if not options.ansatz:
        return None
    reading = read([options.ansatz], table.names, options, forms=True)
    ansatz = Ansatz(reading.formulas[0], reading.parameters, options.fixed_numbers, options.loss)
    violations = [
        *unknown_parts.violations(ansatz.formula, table.names.usable, reading.free, options, FIELD),
        *reading_violations(reading, table.names, options),
        *size_violations(reading, ansatz.constants_to_fit, table.rows),
        *_loss_violations(ansatz, table),
        *_group_violations(reading, table, options),
    ]
    if violations:
        raise InvalidInputError(violations)
    return ansatz


def _loss_violations(ansatz: Ansatz, table: Table) -> Iterator[Violation]:
    """Return where the target has no logarithm, or another sign than in its first row."""
    if ansatz.loss is not Loss.LOG_HUBER:
        return
    y = table.column(table.target).values
    sign = 1 if y[0] > 0 else -1
    if (y * sign).min() <= 0:
        row = int((y * sign).argmin())
        yield Violation(
            "options.loss",
            f"is {ansatz.loss}, which needs a target of one sign; {table.target!r} is {y[row]:g} in row {row + 1}",
        )


def _group_violations(reading: Reading, table: Table, options: Options) -> Iterator[Violation]:
    """Return what does not go with grouped data."""
    if not table.group:
        return
    for i, name in enumerate(options.per_group):
        if name not in reading.free:
            yield not_free(f"options.per_group[{i}]", name, reading)
    if (refused := next(calls(reading.formulas[0], INTEGRAL, *PARTS), None)) is not None:
        yield Violation(FIELD, f"calls {refused.op}, which is not offered for grouped data; leave out the group")
    count, groups = len(set(options.per_group)), len(Groups.of(table.column(table.group)).labels)
    if count * groups >= table.rows:
        text = f"makes {count * groups} constants of {count} for {groups} groups on {table.rows} rows; name fewer"
        yield Violation("options.per_group", text)
