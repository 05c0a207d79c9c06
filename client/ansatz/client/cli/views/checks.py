"""What `ansatz doctor` found, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from ansatz.client.cli.servers.check import Check
from ansatz.client.cli.views.text import plain_table

_STYLES: Final = {"ok": "green", "warning": "yellow"}


def checks_view(checks: Sequence[Check]) -> RenderableType:
    """Return a row for each check, with what to do where it is not ok."""
    table = plain_table("check", "", "found, and what to do")
    for check in checks:
        remedy = f"\n→ {check.remedy}" if check.remedy else ""
        style = _STYLES.get(check.status, "bold red")
        table.add_row(Text(check.name), Text(check.status, style=style), Text(check.found + remedy))
    return table
