"""``python -m tests.fuzz.guided TARGET [libFuzzer's options]``: one target under a coverage-guided fuzzer (Atheris)."""

from __future__ import annotations

import os
import sys

import atheris

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Where inputs lead is told by this project's own code.
with atheris.instrument_imports(include=["ansatz"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, *options = sys.argv[1:]
    target = next(t for t in TARGETS if t.name == name)
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
