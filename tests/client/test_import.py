"""The base install is thin."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "numpy", "sympy", "pandas", "scipy", "juliacall", "pysr", "pyoperon", "typer", "rich",
    "ansatz.discovery", "ansatz.service",
)  # fmt: skip


def test_importing_the_client_imports_nothing_heavy() -> None:
    code = f"import sys, ansatz.client; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_client_works_where_nothing_but_the_base_install_can_be_imported() -> None:
    code = f"""
import sys
sys.modules.update(dict.fromkeys({HEAVY!r}))  # importing any of them raises
from ansatz.client import Client, Unavailable
from ansatz.client.encode.tables import table
assert len(table([[1, 2], [3, 4]], [5, 6]).columns) == 3
with Client("unix:/nowhere/socket", timeout=5) as client:
    try:
        client.server_info()
    except Unavailable:
        print("thin")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "thin"
