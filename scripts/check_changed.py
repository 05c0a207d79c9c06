"""scripts/check_changed.py FILE…: run the quick tests of what these files belong to. A hook before commits calls it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

ALWAYS: Final = "tests/test_repository.py"
_MIRRORED: Final = {
    "bench": ("tests/bench",),
    "client": ("tests/client",),
    "discovery": ("tests/discovery",),
    "proto": ("tests/client", "tests/service"),
    "service": ("tests/service",),
}
_NOTHING_SELECTED: Final = 5


def concerned(files: Iterable[str]) -> list[str]:
    """Return the tests and folders of tests that belong to the files, each once; those of the repository always."""
    return list(dict.fromkeys([ALWAYS, *(place for file in files for place in _places(PurePosixPath(file)))]))


def _places(file: PurePosixPath) -> Iterator[str]:
    first = file.parts[0]
    if first == "tests" and file.name.startswith("test_"):
        yield str(file)
    elif first == "tests":  # what several tests share
        yield str(file.parent)
    else:
        yield from _MIRRORED.get(first, ())


def main() -> int:
    """Run them, and return pytest's exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "quick and not slow", *concerned(sys.argv[1:])]
    status = subprocess.run(command, check=False).returncode
    return 0 if status == _NOTHING_SELECTED else status


if __name__ == "__main__":
    raise SystemExit(main())
