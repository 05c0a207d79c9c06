"""Stands in for PySR where there is no Julia: writes a recorded hall of fame as PySR does, then ends as it is told.

The environment says how: ANSATZ_STANDIN_RECORD (the file to write), ANSATZ_STANDIN_END (return, obey, deaf, die,
refuse), ANSATZ_STANDIN_CALLS (a file that gets the arguments of each call, a line of JSON each).
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

__version__ = os.environ.get("ANSATZ_STANDIN_VERSION", "2.7.2")


class TemplateExpressionSpec(dict[str, Any]):
    """The arguments of a template, such as can be written down."""


class PySRRegressor:
    def __init__(self, **parameters: Any) -> None:
        self.parameters = parameters

    def fit(self, X: Any, y: Any, weights: Any = None, variable_names: Any = None) -> None:
        if self.parameters["run_id"] == "warm":
            return
        print("Julia prints what it likes")
        call = {**self.parameters, "rows": len(y), "names": variable_names, "weighted": weights is not None}
        with open(os.environ["ANSATZ_STANDIN_CALLS"], "a") as calls:
            calls.write(json.dumps(call) + "\n")
        stopped: list[bool] = []
        how = os.environ["ANSATZ_STANDIN_END"]
        if how == "obey":
            signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
        if how == "refuse":
            raise ValueError("Variable name I is already a function name.")
        self.write_slowly()
        if how == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        while how in ("obey", "deaf") and not stopped:
            time.sleep(0.01)
        if how == "obey":
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def write_slowly(self) -> None:
        directory = Path(self.parameters["output_directory"], self.parameters["run_id"])
        directory.mkdir(parents=True)
        header, *rows = Path(os.environ["ANSATZ_STANDIN_RECORD"]).read_text().splitlines(keepends=True)
        for i in range(len(rows)):
            for name in ("hall_of_fame.csv.bak", "hall_of_fame.csv"):
                with open(directory / name, "w") as file:
                    for line in (header, *rows[: i + 1]):
                        file.write(line[:7])
                        file.flush()
                        file.write(line[7:])
            time.sleep(0.005)
