"""The evolutionary engines of a server for people."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ansatz.client.cli.views.text import plain_table
from ansatz.client.results.server import ServerInfo


def engines_view(info: ServerInfo) -> RenderableType:
    """Return a row for each engine."""
    table = plain_table("engine", "ready", "version, or what to do")
    for engine in info.engines:
        table.add_row(*map(Text, (engine.engine, "yes" if engine.ready else "no", engine.detail)))
    return table
