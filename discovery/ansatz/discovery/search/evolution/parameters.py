"""What a search asks of PySR: the arguments of PySRRegressor.

Every argument here exists in pysr 1.5.10 and in 2.7; `guesses` came with 2.0 and is left out for older versions, which
refuse it. The defaults of 2.7 differ from those of 1.5.10 (mutation weights, optimiser), so that the two find different
fronts from the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

GUESSES_SINCE: Final = (2, 0)
GRACEFUL_STOP_SINCE: Final = (2, 7)
_UNARY: Final = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs", "sign",
)  # fmt: skip
_BINARY: Final = ("min", "max")


@dataclass(frozen=True)
class Limits:
    """Bound PySR's search. The least size is PySR's own bound, the others were chosen by judgement.

    Attributes:
        least_size: of equations: PySR refuses less.
        most_size: of equations: the time of a search grows exponentially with it.
        iterations: more than there is time for: the clock ends a search, or the portfolio does.
        counted_iterations: where the same seed must give the same result, and the clock may not end a search.
    """

    least_size: int = 7
    most_size: int = 30
    iterations: int = 100_000
    counted_iterations: int = 40


LIMITS: Final = Limits()


def safe_names(columns: int) -> tuple[str, ...]:
    """Return column names that PySR takes; it refuses gamma, I, S, N, pi, E and others that sympy knows."""
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
    """Return arguments of PySRRegressor as plain JSON values.

    `seconds` is wall clock without compilation. `directory` / `run` is where the hall of fame is written. `version` is
    PySR's. `guesses` are equations in PySR's own spelling and with its safe names. With `deterministic` the same seed
    gives the same result: one thread, counted iterations.
    """
    parameters: dict[str, Any] = {
        "binary_operators": ["+", "-", "*", "/", *(name for name in _BINARY if name in functions)],
        "unary_operators": ["square", *(name for name in _UNARY if name in functions)],
        "maxsize": min(max(max_complexity, LIMITS.least_size), LIMITS.most_size),
        "niterations": LIMITS.counted_iterations if deterministic else LIMITS.iterations,
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
