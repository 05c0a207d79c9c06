"""An evolutionary engine on a thread beside the searchers."""

from __future__ import annotations

import queue
import threading

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import SeededSearcher, Seeds


class EngineThread:
    """Run an engine on a thread of its own: its inner loop has no interpreter lock, or is in another process.

    `error` is what it ended with, None where it ended well or goes on.
    """

    def __init__(self, engine: SeededSearcher, problem: Problem, budget: Budget, seeds: Seeds) -> None:
        self.name = engine.name
        self.error: Exception | None = None
        self._budget = budget
        self._found: queue.SimpleQueue[Node] = queue.SimpleQueue()

        @np.errstate(all="ignore")  # a thread begins with numpy's own settings
        def run() -> None:
            try:
                engine.search(problem, budget, self._found.put, seeds)
            except Exception as error:  # reported by the portfolio
                self.error = error

        # A daemon: an engine that does not stop in time is abandoned, not waited for.
        self._thread = threading.Thread(target=run, name=f"engine-{engine.name}", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it was told to stop."""
        return self._budget.spent

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        self._thread.join(seconds)

    def found(self, wait_seconds: float) -> list[Node]:
        """Return what was found since the last call; wait at most that long for the first."""
        formulas: list[Node] = []
        try:
            formulas.append(self._found.get(timeout=wait_seconds) if wait_seconds else self._found.get_nowait())
            while True:
                formulas.append(self._found.get_nowait())
        except queue.Empty:
            return formulas
