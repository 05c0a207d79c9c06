"""Candidates for people: a row each, and the constants of each group where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ansatz.client.cli.views.text import number, plain_table, short
from ansatz.client.results.candidate import Candidate, Constant

_MOST_GROUPS = 40


def candidates_table(candidates: Sequence[Candidate]) -> Table:
    """Return a row for each candidate."""
    table = plain_table("rank", "formula", "complexity", "rmse", "relative error", "constants")
    for candidate in candidates:
        scores = candidate.scores
        cells = (
            str(candidate.rank or "–"),
            "\n".join(law_lines(candidate)),
            str(candidate.complexity),
            number(scores.rmse),
            number(scores.relative_error),
            ", ".join(map(_constant, candidate.constants)) or "–",
        )
        table.add_row(*map(Text, cells))
    return table


def law_lines(candidate: Candidate) -> list[str]:
    """Return the formula, or of a motion its equations and what it conserves, a line each."""
    if not candidate.motion:
        return [short(candidate.formula)]
    rate = "d²{0}/dt²" if candidate.motion.order == 2 else "d{0}/dt"
    noise = {state: f" + {size:.6g}*dW/dt" for state, size in candidate.motion.diffusion.items()}
    lines = [f"{rate.format(s)} = {short(equation)}{noise.get(s, '')}" for s, equation in candidate.equations.items()]
    if not candidate.motion.followed:
        lines.append("not followed: each equation was fitted by itself")
    return lines + [f"conserved: {short(c.formula)}" for c in candidate.motion.conserved]


def part_lines(candidate: Candidate) -> list[Text]:
    """Return a line for each unknown part of the ansatz, with the formula found for it."""
    return [Text(f"{name} = {short(formula)}", style="bold") for name, formula in candidate.parts.items()]


def group_tables(candidate: Candidate) -> list[Table | Text]:
    """Return a table of the constants that differ between groups, a row for each group; nothing where none does."""
    differ = [(i, c) for i, c in enumerate(candidate.constants, start=1) if c.per_group]
    if not differ:
        return []
    table = plain_table("group", *(c.parameter or f"c{i}" for i, c in differ))
    labels = list(differ[0][1].per_group or ())
    for label in labels[:_MOST_GROUPS]:
        table.add_row(Text(label), *(Text(_in_group(c, label)) for _, c in differ))
    more = len(labels) - _MOST_GROUPS
    return [table, *([Text(f"… and {more} more groups; --format json has them all")] if more > 0 else [])]


def _in_group(constant: Constant, label: str) -> str:
    error = (constant.per_group_errors or {}).get(label)
    return f"{(constant.per_group or {})[label]:.6g}" + ("" if error is None else f" ± {error:.2g}")


def _constant(constant: Constant) -> str:
    error = "" if constant.std_error is None else f" ± {constant.std_error:.2g}"
    called = f"{constant.parameter} = " if constant.parameter else ""
    if constant.per_group:
        return f"{called}{constant.value:.6g} (median of {len(constant.per_group)} groups)"
    return f"{called}{constant.value:.6g}{error}" + (f" ({constant.name})" if constant.name else "")
