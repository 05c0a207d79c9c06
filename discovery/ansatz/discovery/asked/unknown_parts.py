"""Unknown parts of an ansatz: f, g and h called in the caller's formula."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.errors import Violation
from ansatz.discovery.expression import Apply, Node, Variable, to_text, variables
from ansatz.discovery.expression.node import PARTS, calls
from ansatz.discovery.problem.form import Form, Part

MAX_WITHIN = 3
"""Calls of unknown parts within one another: each multiplies the size of the whole formula."""


def form_of(formula: Node, constants: Sequence[str]) -> Form | None:
    """Return a formula as a form around its unknown parts, with its free constants; None where it has none."""
    found = {name: list(calls(formula, name)) for name in PARTS}
    parts = tuple(Part(name, _argument_names(of_one, formula)) for name, of_one in found.items() if of_one)
    return Form(formula, parts, tuple(constants)) if parts else None


def _argument_names(found: Sequence[Apply], form: Node) -> tuple[str, ...]:
    """Return those of the first call whose arguments are plain and differ; where there is none u1, u2 and so on."""
    for call in found:
        plain = [a.name for a in call.args if isinstance(a, Variable)]
        if len(plain) == len(set(plain)) == len(call.args):
            return tuple(plain)
    taken = variables(form)
    names = (f"u{i}" for i in range(1, len(found[0].args) + 1))
    return tuple(f"{name}_" if name in taken else name for name in names)


def violations(
    form: Node, columns: Collection[str], free: Collection[str], options: Options, field: str
) -> Iterator[Violation]:
    """Yield what is wrong with the unknown parts of a form. `columns` are the inputs, `free` its free constants."""
    for name in PARTS:
        found = list(calls(form, name))
        if found:
            yield from _part_violations(name, found, columns, free, field)
    if next(calls(form, *PARTS), None) is None:
        return
    if (depth := _within(form)) > MAX_WITHIN:
        yield Violation(field, f"calls unknown parts {depth} deep within one another; give at most {MAX_WITHIN}")
    if options.free_numbers:
        text = "is given; beside unknown parts the numbers of the form stay: leave it out, or name the constant"
        yield Violation("options.free_numbers", text)
    if options.loss is not Loss.SQUARED:
        yield Violation("options.loss", f"is {options.loss}; beside unknown parts only squared is offered")
    for i, parameter in enumerate(options.parameters):
        if parameter.lower > float("-inf") or parameter.upper < float("inf"):
            text = f"bounds {parameter.name!r}; beside unknown parts constants have no bounds: leave them out"
            yield Violation(f"options.parameters[{i}]", text)


def _part_violations(
    name: str, found: Sequence[Apply], columns: Collection[str], free: Collection[str], field: str
) -> Iterator[Violation]:
    role = "a column" if name in columns else "a free constant elsewhere in it" if name in free else ""
    if role:
        spare = [p for p in PARTS if p not in columns and p not in free]
        remedy = f"call the unknown part {spare[0]}" if spare else "rename the other"
        yield Violation(field, f"calls {name}, which is also {role}; {remedy}")
    counts = sorted({len(c.args) for c in found})
    if len(counts) > 1:
        text = " and ".join(map(str, counts))
        yield Violation(field, f"calls {name} with {text} arguments; give it as many everywhere")
    for argument in dict.fromkeys(a for c in found for a in c.args):
        if used := [v for v in variables(argument) if v in free]:
            yield Violation(
                field,
                f"calls {name} with the argument {to_text(argument)[:80]}, which holds {', '.join(used)}: no column; "
                "free constants stand outside unknown parts",
            )
        elif not variables(argument):
            yield Violation(
                field, f"calls {name} with the argument {to_text(argument)[:80]}, which holds no column; give one"
            )


def _within(node: Node) -> int:
    if not isinstance(node, Apply):
        return 0
    return (node.op in PARTS) + max(map(_within, node.args))
