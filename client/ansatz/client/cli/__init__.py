"""The `ansatz` command; its parts come with the extra `cli`."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Entry point of the command. Exit status: 0 found, 1 failed, 2 bad input, 130 interrupted."""
    raise SystemExit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if not missing:
        from ansatz.client.cli.app import run

        return run(arguments)
    from ansatz import distribution
    from ansatz.client.cli.printing.failures import report_unusable
    from ansatz.client.errors import InvalidRequest

    error = InvalidRequest(
        f"the command line needs {' and '.join(missing)}; install the extra: {distribution.install('cli')}",
        reason="MISSING_EXTRA",
    )
    return report_unusable(error, arguments)
