"""``python -m ansatz.service.access.tokens``: make a token and list who has one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ansatz.service.access import token_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 2 where an argument is wrong."""
    parser = argparse.ArgumentParser("ansatz tokens", description="Tokens of `ansatz serve --tokens FILE`.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="add a token to the file and print it: it cannot be had again")
    new.add_argument("caller", help="who will have it; a caller sees only their own jobs")
    new.add_argument("--role", choices=token_file.ROLES, default="write")
    show = commands.add_parser("list", help="who has a token, and what it allows")
    for command in (new, show):
        command.add_argument("--file", type=Path, required=True, help="the file of tokens")
    options = parser.parse_args(arguments)
    try:
        _new(options) if options.command == "new" else _list(options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _new(options: argparse.Namespace) -> None:
    token, entry = token_file.new_token(options.caller, options.role)
    if options.file.exists():
        token_file.read(options.file)
    token_file.append(options.file, entry)
    print(token)


def _list(options: argparse.Namespace) -> None:
    for entry in token_file.read(options.file):
        print(f"{entry.caller}\t{entry.role}\t{entry.sha256[:12]}…")


if __name__ == "__main__":
    main()
