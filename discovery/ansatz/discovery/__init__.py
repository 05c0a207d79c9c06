"""Law discovery: observations in, ranked formulas out. Knows nothing of gRPC, jobs or storage."""

from ansatz.discovery.discover import Evaluation, Listener, discover, evaluate_formula, validate
from ansatz.discovery.errors import EngineNotReadyError, InvalidInputError, Violation
from ansatz.discovery.observations import Column, Table
from ansatz.discovery.options import Engine, Options
from ansatz.discovery.parameters import Loss, Parameter
from ansatz.discovery.report import (
    Candidate,
    Constant,
    Progress,
    Receipt,
    RefinementStep,
    Report,
    ResidualVerdict,
    Scores,
    Warning,
)
from ansatz.discovery.units.consistency import Consistency

__all__ = [
    "Candidate",
    "Column",
    "Consistency",
    "Constant",
    "Engine",
    "EngineNotReadyError",
    "Evaluation",
    "InvalidInputError",
    "Listener",
    "Loss",
    "Options",
    "Parameter",
    "Progress",
    "Receipt",
    "RefinementStep",
    "Report",
    "ResidualVerdict",
    "Scores",
    "Table",
    "Violation",
    "Warning",
    "discover",
    "evaluate_formula",
    "validate",
]
