"""What a job was asked to search with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """The evolutionary engine that searches beside the built-in searchers."""

    AUTO = "auto"
    PYSR = "pysr"
    OPERON = "operon"
    NONE = "none"


class Loss(StrEnum):
    """What the fit of an ansatz minimises: squared errors; or Huber's, in which outliers count little, of the target or
    of its logarithm."""

    SQUARED = "squared"
    HUBER = "huber"
    LOG_HUBER = "log-huber"

    @classmethod
    def _missing_(cls, value: object) -> Loss | None:
        """Read the spelling of earlier versions."""
        return cls.LOG_HUBER if value == "log_huber" else None


class TargetNoise(StrEnum):
    """How the target scatters about the law: by normal errors; as counts of events, whose variance is the law; or as
    successes among trials."""

    GAUSSIAN = "gaussian"
    POISSON = "poisson"
    BINOMIAL = "binomial"


@dataclass(frozen=True)
class Parameter:
    """A free constant of an ansatz, in its own unit; None where nothing was given.

    Attributes:
        name: what the ansatz calls it
        start: where its fit starts
        lower, upper: its bounds
    """

    name: str
    start: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class SearchOptions:
    """The options of a job; None or empty: the server's default.

    Attributes:
        functions: the only functions allowed in formulas
        engine: the engine that searches beside the built-in searchers
        budget_seconds: wall clock for the search
        seed: of every random choice
        max_complexity: the largest number of nodes of a formula that is searched for
        ansatz: your own formula, empty for none
        dimensional_constants: whether numbers of a formula may carry dimensions
        parameters: starts and bounds of the ansatz's free constants
        fixed_numbers: whether the ansatz's numbers stay as given
        free_numbers: whether they are fitted beside named constants, too
        loss: what the fit of the ansatz minimises
        metric: the space in which the law is sought, empty for the target itself
        per_group: the free constants that differ from group to group
    """

    functions: tuple[str, ...]
    engine: Engine
    budget_seconds: float | None
    seed: int | None
    max_complexity: int | None
    ansatz: str
    dimensional_constants: bool
    parameters: tuple[Parameter, ...]
    fixed_numbers: bool
    free_numbers: bool
    loss: Loss
    metric: str
    per_group: tuple[str, ...]
