"""Proofs that two formulas are equal, wherever both are defined."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from typing import Final

from ansatz.discovery.expression import Node, to_text, variables
from ansatz.discovery.expression.normal_form import TooLargeError, normal_form

SYMPY_SECONDS: Final = 5.0


def proved_equal(a: Node, b: Node, positive: Collection[str]) -> str | None:
    """Return what proves a = b: "canonical form" or "sympy"; None where neither does. `positive` names variables > 0.

    sympy is given five seconds.
    """
    try:
        if normal_form(a, positive) == normal_form(b, positive):
            return "canonical form"
    except (TooLargeError, ArithmeticError, RecursionError):
        pass
    return "sympy" if _sympy_proves(a, b, positive) else None


def _sympy_proves(a: Node, b: Node, positive: Collection[str]) -> bool:
    names = sorted({*variables(a), *variables(b)})
    asked = {"a": to_text(a), "b": to_text(b), "names": names, "positive": sorted(set(positive) & set(names))}
    # -P: the current folder is no place to import from.
    command = [sys.executable, "-P", "-m", "ansatz.discovery.compare.sympy_process"]
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, timeout=SYMPY_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.stdout.strip() == "equal"
