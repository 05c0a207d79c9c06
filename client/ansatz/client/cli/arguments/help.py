"""How --help looks: options by what they are about, examples at its end."""

from __future__ import annotations

from typing import Any, Final

import typer.core

from ansatz.client.cli.arguments import panels

WIDTH: Final = 100
_ARGUMENTS: Final = "Arguments"


class Command(typer.core.TyperCommand):
    """A command whose help has a section for each panel of its options, and one for its examples."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options by panel, those of a panel as they are declared."""
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in (_ARGUMENTS, *panels.IN_ORDER)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                usual = _ARGUMENTS if parameter.param_type_name == "argument" else panels.OTHERS
                sections[getattr(parameter, "rich_help_panel", None) or usual].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, a line each, so that they can be copied."""
        if self.epilog:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.epilog.splitlines()))


def examples(*lines: str) -> str:
    """Return the end of a help text: commands, with comments between them."""
    return "\n".join(lines)
