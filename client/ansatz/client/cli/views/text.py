"""What every view is made of: short numbers and formulas, plain tables, lines of warnings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rich.table import Table
from rich.text import Text

from ansatz.client.results.warning import Warning

_LITERAL = re.compile(r"(?<![\w.])(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?", re.IGNORECASE)


def short(formula: str) -> str:
    """Return the formula with its numbers to six digits: for reading, not for computing."""
    return _LITERAL.sub(lambda found: f"{float(found[0]):.6g}", formula)


def number(value: float | None, digits: int = 3) -> str:
    """Return a number to a few digits, a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}g}"


def plain_table(*titles: str) -> Table:
    """Return an empty table without lines; long cells go over several lines."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(Text(title), overflow="fold")
    return table


def column_lines(columns: Mapping[str, str]) -> list[Text]:
    """Return a line for each column that formulas call by another name."""
    return [Text(f"{name} is the column {column!r}") for name, column in columns.items()]


def warning_lines(warnings: Iterable[Warning]) -> list[Text]:
    """Return a line for each warning."""
    return [Text(f"warning {w.code}: {w.message}", style="yellow") for w in warnings]
