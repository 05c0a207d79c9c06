"""Where a result goes: standard output, or a file that is replaced in one step."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansatz.client.cli.views.json_output import to_text
from ansatz.client.errors import InvalidRequest

if TYPE_CHECKING:
    from rich.console import RenderableType

_FILE_WIDTH = 200


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True)
class Output:
    """How a result is written, and to which file; None: to standard output."""

    format: Format = Format.TABLE
    path: Path | None = None

    @property
    def is_json(self) -> bool:
        return self.format is Format.JSON

    def check(self) -> None:
        """Raise InvalidRequest where the file cannot be written: before a search, not after it."""
        if self.path is None:
            return
        folder = self.path.parent
        if not folder.is_dir():
            raise InvalidRequest.of("--output", f"{str(folder)!r} is no folder; make it or name another")
        if self.path.is_dir() or not os.access(self.path if self.path.exists() else folder, os.W_OK):
            raise InvalidRequest.of("--output", f"{str(self.path)!r} cannot be written; name another file")

    def result(self, json_object: Mapping[str, Any], table: RenderableType) -> None:
        """Write one result; where the file cannot be written, to standard output, with exit status 1."""
        if not self._write(to_text(json_object) if self.is_json else self._rendered(table)):
            import typer

            raise typer.Exit(1)

    def failure(self, json_object: Mapping[str, Any]) -> None:
        """Write what a script gets in place of a result; who reads tables has the message on standard error."""
        if self.is_json:
            self._write(to_text(json_object))

    def _rendered(self, table: RenderableType) -> str:
        from rich.console import Console

        on_terminal = self.path is None and sys.stdout.isatty()
        buffer = io.StringIO()
        width = None if on_terminal else _FILE_WIDTH
        console = Console(file=buffer, force_terminal=on_terminal, width=width)
        console.print(table)
        return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"

    def _write(self, text: str) -> bool:
        """Whether the text went where it should."""
        try:
            if self.path is not None:
                _write_file(self.path, text)
                return True
        except OSError as error:
            print(f"error: --output: {self.path} cannot be written ({error.strerror})", file=sys.stderr, flush=True)
        sys.stdout.write(text)
        sys.stdout.flush()
        return self.path is None


def _write_file(path: Path, text: str) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe is written, not replaced
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()  # a link stays a link
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".ansatz-", delete=False) as file:
        file.write(text)
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(file.name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
    os.replace(file.name, path)
