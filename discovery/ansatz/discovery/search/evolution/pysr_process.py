"""The process that holds Julia: ``python -m ansatz.discovery.search.evolution.pysr_process``.

PySR must be imported and used on one thread, the main one, and keeps the interpreter lock while it searches. So it has
a process of its own, which answers nothing meanwhile. Its progress is the hall of fame on disk. Frames come on
standard input and go to what was standard output; all that Julia prints goes to standard error.
"""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.search.evolution.frames import read_frame, write_frame
from ansatz.discovery.search.evolution.parameters import regressor_parameters, safe_names

_WARM_FUNCTIONS: Final = frozenset({"exp", "log", "sqrt", "sin", "cos"})


@dataclass(frozen=True)
class _Warming:
    """Set the fit that makes Julia compile. Chosen by judgement: as small as one that compiles all that fits need.

    Attributes:
        seconds: without compilation, which no time limit of PySR's counts.
        rows: of the data.
        max_complexity: of its formulas.
    """

    seconds: float = 1.0
    rows: int = 20
    max_complexity: int = 10


_WARMING: Final = _Warming()


def main() -> None:
    """Import PySR, compile it by a small fit, then serve fits until standard input closes."""
    requests, replies = _take_over_streams()
    import pysr

    # A stray SIGINT must not end Julia; PySR from 2.7 on arms its own handler during a fit.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    version = [int(part) for part in pysr.__version__.split(".")[:2]]
    _warm_up(pysr.PySRRegressor, (version[0], version[1]))
    write_frame(replies, {"kind": "ready", "version": version})
    while True:
        try:
            header, arrays = read_frame(requests)
        except EOFError:
            return
        with _DiesWithParent(requests):
            reply = _fit(pysr.PySRRegressor, header["parameters"], arrays)
        write_frame(replies, reply)


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the frames' streams; descriptors 0 and 1 then lead to nothing and to standard error."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return requests, replies


def _fit(regressor: Any, parameters: dict[str, Any], arrays: list[Array]) -> dict[str, Any]:
    X, y, *weights = arrays
    try:
        regressor(**_with_template(parameters)).fit(
            X, y, weights=weights[0] if weights else None, variable_names=list(safe_names(X.shape[1]))
        )
    except Exception as error:  # told to the other side, whatever it is
        return {"kind": "failed", "error": f"{type(error).__module__}.{type(error).__qualname__}", "text": str(error)}
    return {"kind": "done"}


def _with_template(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with the object that PySR wants for the arguments of a template."""
    if "template" not in parameters:
        return parameters
    import pysr

    others = {name: value for name, value in parameters.items() if name != "template"}
    return {**others, "expression_spec": pysr.TemplateExpressionSpec(**parameters["template"])}


def _warm_up(regressor: Any, version: tuple[int, int]) -> None:
    """Fit a little with the usual operators: compiling takes 12 s that no time limit of PySR's counts."""
    X = np.linspace(0.5, 2.0, 2 * _WARMING.rows).reshape(_WARMING.rows, 2)
    with tempfile.TemporaryDirectory(prefix="ansatz-pysr-") as directory:
        parameters = regressor_parameters(
            functions=_WARM_FUNCTIONS, max_complexity=_WARMING.max_complexity, seconds=_WARMING.seconds, seed=0,
            directory=Path(directory), run="warm", version=version,
        )  # fmt: skip
        _fit(regressor, parameters, [X, X[:, 0] * X[:, 1]])


class _DiesWithParent:
    """Let the kernel end this process by SIGIO if standard input closes while a fit runs, when nobody reads it."""

    def __init__(self, requests: BinaryIO) -> None:
        self._descriptor = requests.fileno()

    def __enter__(self) -> None:
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(self._descriptor, fcntl.F_SETOWN, os.getpid())
        self._set(fcntl.fcntl(self._descriptor, fcntl.F_GETFL) | os.O_ASYNC)

    def __exit__(self, *exception: object) -> None:
        self._set(fcntl.fcntl(self._descriptor, fcntl.F_GETFL) & ~os.O_ASYNC)

    def _set(self, flags: int) -> None:
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags)


if __name__ == "__main__":
    main()
