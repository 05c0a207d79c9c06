"""Run where the base install stands alone: it brings the thin client and nothing more, and imports no more."""

from __future__ import annotations

import sys
from importlib.metadata import distributions

import ansatz.client

ALLOWED = {"ansatz-discovery", "grpcio", "grpcio-status", "protobuf", "googleapis-common-protos", "typing-extensions"}
TOOLS = {"pip", "setuptools"}
HEAVY = {"numpy", "sympy", "pandas", "scipy", "juliacall", "typer", "rich"}


def main() -> None:
    installed = {d.metadata["Name"].lower().replace("_", "-") for d in distributions()} - TOOLS
    if more := installed - ALLOWED:
        sys.exit(f"the base install brings {', '.join(sorted(more))}")
    if heavy := HEAVY & set(sys.modules):
        sys.exit(f"{ansatz.client.__name__} imports {', '.join(sorted(heavy))}")
    print("the base install is thin:", ", ".join(sorted(installed)))


if __name__ == "__main__":
    main()
