"""The caller's ansatz: a formula of columns, numbers and free constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ansatz.discovery.asked import unknown_parts
from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import MAX_PARAMETERS, Loss, Parameter
from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import FUNCTIONS, Apply, Node, Number, variables, walk
from ansatz.discovery.expression.node import INTEGRAL, PARTS, calls, exponent_positions, is_integer
from ansatz.discovery.problem.form import Form

_FIELD = "options.ansatz"


@dataclass(frozen=True)
class Ansatz:
    """A caller's formula.

    In `formula` the free constants are variables, each with its Parameter in `parameters`, in order of appearance; the
    other variables are inputs. Numbers are starting values, those apart that are structure, unless `fixed_numbers` or
    there are unknown parts.
    """

    formula: Node
    parameters: tuple[Parameter, ...] = ()
    fixed_numbers: bool = False
    loss: Loss = Loss.SQUARED

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names, in formulas, of the inputs it uses."""
        free = {p.name for p in self.parameters}
        return tuple(name for name in variables(self.formula) if name not in free)

    @cached_property
    def form(self) -> Form | None:
        """The formula as a form around unknown parts; None where it calls none."""
        return unknown_parts.form_of(self.formula, [p.name for p in self.parameters])

    @property
    def coefficients(self) -> tuple[int, ...]:
        """Return the positions, among all its numbers, of those that are no structure.

        Structure are whole exponents, beside free constants all whole numbers, as in 1 - exp(-k*x), and what was given
        by a name, as pi.
        """
        numbers = [n for n in walk(self.formula) if isinstance(n, Number)]
        structure = set(range(len(numbers))) if self.parameters else exponent_positions(self.formula)
        return tuple(
            p for p, n in enumerate(numbers) if n.is_free or (is_integer(n.value) and not n.name and p not in structure)
        )

    @property
    def constants_to_fit(self) -> int:
        given = self.fixed_numbers or self.form is not None
        return len(self.parameters) + (0 if given else len(self.coefficients))


def parse_ansatz(table: Table, options: Options) -> Ansatz | None:
    """The caller's ansatz, None where there is none. Raises InvalidInputError where it is not of the grammar, uses what
    the options do not allow, or has more constants than can be fitted."""
    if not options.ansatz:
        return None
    formula = table.names.parse(options.ansatz, _FIELD, free=True, parts=True)
    columns = set(table.names.usable)
    stated = {p.name: p for p in options.parameters}
    free = [name for name in variables(formula) if name not in columns]
    parameters = tuple(stated.get(name) or Parameter(name) for name in free)
    ansatz = Ansatz(formula, parameters, options.fixed_numbers, options.loss)
    violations = [*unknown_parts.violations(formula, columns, free, options, _FIELD)]
    violations += [*_use_violations(ansatz, table, options), *_size_violations(ansatz, table)]
    violations += [*_loss_violations(ansatz, table, options), *_group_violations(ansatz, table, options)]
    if violations:
        raise InvalidInputError(violations)
    return ansatz


def _use_violations(ansatz: Ansatz, table: Table, options: Options) -> Iterator[Violation]:
    called = {n.op for n in walk(ansatz.formula) if isinstance(n, Apply) and n.op in FUNCTIONS}
    if refused := sorted(called - set(options.functions)):
        yield Violation(_FIELD, f"calls {', '.join(refused)}, which options.functions leaves out; add it there")
    free = [p.name for p in ansatz.parameters]
    for name in (n for n in free if n in table.names.roles):
        role = table.names.roles[name]
        yield Violation(_FIELD, f"uses {name!r}, which is {role}; name inputs, or call the constant otherwise")
    for i, parameter in enumerate(options.parameters):
        if parameter.name not in free:
            known = ", ".join(free) or "none"
            yield Violation(
                f"options.parameters[{i}].name",
                f"{parameter.name[:80]!r} is no free constant of the ansatz; its free constants: {known}",
            )


def _size_violations(ansatz: Ansatz, table: Table) -> Iterator[Violation]:
    names = [p.name for p in ansatz.parameters]
    count = ansatz.constants_to_fit
    shown = f"{', '.join(names[:5])}{', …' if len(names) > 5 else ''}" if names else "its numbers"
    if count > MAX_PARAMETERS:
        yield Violation(_FIELD, f"has {count} constants to fit ({shown}); give at most {MAX_PARAMETERS}")
    elif count >= table.rows:
        yield Violation(_FIELD, f"has {count} constants to fit ({shown}) on {table.rows} rows; give more rows")


def _loss_violations(ansatz: Ansatz, table: Table, options: Options) -> Iterator[Violation]:
    if ansatz.loss is Loss.SQUARED:
        return
    if ansatz.form is not None:
        yield Violation("options.loss", f"is {ansatz.loss}, and the ansatz has unknown parts; give {Loss.SQUARED}")
    if ansatz.loss is Loss.LOG_HUBER and options.metric:
        yield Violation("options.loss", f"is {ansatz.loss}, and a metric is given; give {Loss.HUBER} or no metric")
    y = table.column(table.target).values
    if ansatz.loss is Loss.LOG_HUBER and not (y[0] != 0 and (y * (1 if y[0] > 0 else -1)).min() > 0):
        sign = 1 if y[0] > 0 else -1
        row = int((y * sign).argmin())
        yield Violation(
            "options.loss",
            f"is {ansatz.loss}, which needs a target of one sign; {table.target!r} is {y[row]:g} in row {row + 1}",
        )


def _group_violations(ansatz: Ansatz, table: Table, options: Options) -> Iterator[Violation]:
    """What does not go with grouped data, or needs them."""
    free = [p.name for p in ansatz.parameters]
    if options.per_group and not table.group:
        yield Violation("options.per_group", "is about grouped data; name the column of the groups (table.group)")
    for i, name in enumerate(options.per_group):
        if name not in free:
            known = ", ".join(free) or "none"
            text = f"{name[:80]!r} is no free constant of the ansatz; its free constants: {known}"
            yield Violation(f"options.per_group[{i}]", text)
    if not table.group:
        return
    if (refused := next(calls(ansatz.formula, INTEGRAL, *PARTS), None)) is not None:
        yield Violation(_FIELD, f"calls {refused.op}, which is not offered for grouped data; leave out the group")
    if ansatz.loss is not Loss.SQUARED:
        text = f"is {ansatz.loss}, which is not for grouped data; use squared, with weights for the scale of errors"
        yield Violation("options.loss", text)
    count, groups = len(set(options.per_group)), len(Groups.of(table.column(table.group)).labels)
    if count * groups >= table.rows:
        text = f"makes {count * groups} constants of {count} for {groups} groups on {table.rows} rows; name fewer"
        yield Violation("options.per_group", text)
