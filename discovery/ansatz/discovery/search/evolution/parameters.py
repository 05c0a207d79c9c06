"""What a search asks of PySR: the arguments of PySRRegressor.

Every argument here exists in pysr 1.5.10 and in 2.7; `guesses` came with 2.0 and is left out for older versions, which
refuse it. The defaults of 2.7 differ from those of 1.5.10 (mutation weights, optimiser), so the two find
different fronts from the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

GUESSES_SINCE: Final = (2, 0)
GRACEFUL_STOP_SINCE: Final = (2, 7)
MIN_SIZE: Final = 7  # PySR refuses less
MAX_SIZE: Final = 30  # more is exponentially slower
_ITERATIONS: Final = 100_000  # the clock ends a search, or the portfolio does
_DETERMINISTIC_ITERATIONS: Final = 40  # counted work
_UNARY: Final = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs", "sign",
)  # fmt: skip
_BINARY: Final = ("min", "max")


def safe_names(columns: int) -> tuple[str, ...]:
    """Column names that PySR takes; it refuses gamma, I, S, N, pi, E and others that sympy knows."""
    return tuple(f"x{j}" for j in range(columns))


def regressor_parameters(
    *,
    functions: frozenset[str],
    max_complexity: int,
    seconds: float,
    seed: int,
    directory: Path,
    run: str,
    version: tuple[int, int],
    guesses: Sequence[str] = (),
    deterministic: bool = False,
) -> dict[str, Any]:
    """Arguments of PySRRegressor as plain JSON values.

    `seconds` is wall clock without compilation; `directory` / `run` is where the hall of fame is written; `version`
    is PySR's; `guesses` are equations in PySR's own spelling and with its safe names. With `deterministic` the same
    seed gives the same result: one thread, counted iterations.
    """
    parameters: dict[str, Any] = {
        "binary_operators": ["+", "-", "*", "/", *(name for name in _BINARY if name in functions)],
        "unary_operators": ["square", *(name for name in _UNARY if name in functions)],
        "maxsize": min(max(max_complexity, MIN_SIZE), MAX_SIZE),
        "niterations": _DETERMINISTIC_ITERATIONS if deterministic else _ITERATIONS,
        "timeout_in_seconds": seconds,
        "precision": 64,
        "random_state": seed,
        "output_directory": str(directory),
        "run_id": run,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
    }
    if deterministic:
        parameters |= {"deterministic": True, "parallelism": "serial"}
    if guesses and version >= GUESSES_SINCE:
        parameters["guesses"] = list(guesses)
    return parameters
