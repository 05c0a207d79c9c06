"""One discovery from question to report, in the same steps for every kind of observations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields
from typing import Protocol

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.data.digest import Observations, data_sha256
from ansatz.discovery.listening import Listener, Teller
from ansatz.discovery.report.emitted import emitted
from ansatz.discovery.report.receipt import options_in_force, versions
from ansatz.discovery.report.report import Findings, Receipt, Report
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.outside import outside_versions


class Question(Protocol):
    """What was asked, read and checked once: every world adds what it parsed."""

    @property
    def observations(self) -> Observations: ...
    @property
    def options(self) -> Options: ...

    @property
    def engine(self) -> Engine:
        """The engine that searches beside the searchers; NONE where the kind uses none."""


class Discovery(ABC):
    """Run one discovery: prepare, search, judge, report.

    A world prepares when it is made. Its `search` fills what its `judge` then looks at. What was cut or failed
    on the way is added to `outcome`, by whoever notices.
    """

    def __init__(self, question: Question, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        self._question = question
        self._stop_requested = stop_requested
        self.tell = Teller(listener, question.options.budget_seconds)
        self.outcome = Outcome()

    @abstractmethod
    def reserve(self) -> float:
        """Return the seconds of the budget that are kept for judging."""

    @abstractmethod
    def search(self, budget: Budget) -> None:
        """Search until done, or the budget is spent; something is always found."""

    @abstractmethod
    def judge(self) -> Findings:
        """Return the ranked candidates and all that is said of them."""

    def run(self) -> Report:
        """Return the report; the seconds of its times are counted from when the discovery was made."""
        seconds = self._question.options.budget_seconds - self.reserve() - self.tell.elapsed
        self.search(Budget(max(seconds, 0.0), self._stop_requested))
        self.tell.stage("judge")
        findings = self.judge()
        told = emitted(findings.candidates)
        return Report(
            **{f.name: getattr(findings, f.name) for f in fields(findings)} | {"candidates": told},
            receipt=self._receipt(),
            elapsed_seconds=self.tell.elapsed,
            first_candidate_seconds=self.tell.first_candidate,
        )

    def overdue(self) -> bool:
        """Return whether the whole budget is spent, so that judging must come to an end."""
        return self.tell.elapsed > self._question.options.budget_seconds

    def _receipt(self) -> Receipt:
        question, outcome = self._question, self.outcome
        return Receipt(
            data_sha256=data_sha256(question.observations),
            versions={**versions(question.engine), **outside_versions()},
            options=options_in_force(question.options, question.engine),
            seed=question.options.seed,
            reproducible=not outcome.cut_stages and not outcome.engine_took_part,
            cut_stages=tuple(dict.fromkeys(outcome.cut_stages)),
        )
