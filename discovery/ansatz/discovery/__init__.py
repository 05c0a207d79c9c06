"""Law discovery: observations in, ranked formulas out. Knows nothing of gRPC, jobs or storage."""

from ansatz.discovery.compare import Comparison, Equivalence, FormulaPoint, Verdict, compare_formulas
from ansatz.discovery.discover import Evaluation, Listener, discover, evaluate_formula, validate
from ansatz.discovery.domain import Box, Interval
from ansatz.discovery.errors import EngineNotReadyError, InvalidInputError, Violation
from ansatz.discovery.observations import Column, Table
from ansatz.discovery.options import Engine, Options
from ansatz.discovery.parameters import Loss, Parameter
from ansatz.discovery.propose import Experiment, Proposal, Rival, propose_experiments
from ansatz.discovery.report import (
    Candidate,
    Constant,
    ConstantLaw,
    GroupValue,
    Progress,
    Receipt,
    RefinementStep,
    Report,
    ResidualVerdict,
    Scores,
    Warning,
)
from ansatz.discovery.score.term_sets import TermOverlap
from ansatz.discovery.units.consistency import Consistency

__all__ = [
    "Box",
    "Candidate",
    "Column",
    "Comparison",
    "Consistency",
    "Constant",
    "ConstantLaw",
    "Engine",
    "EngineNotReadyError",
    "Equivalence",
    "Evaluation",
    "Experiment",
    "FormulaPoint",
    "GroupValue",
    "Interval",
    "InvalidInputError",
    "Listener",
    "Loss",
    "Options",
    "Parameter",
    "Progress",
    "Proposal",
    "Receipt",
    "RefinementStep",
    "Report",
    "ResidualVerdict",
    "Rival",
    "Scores",
    "Table",
    "TermOverlap",
    "Verdict",
    "Violation",
    "Warning",
    "compare_formulas",
    "discover",
    "evaluate_formula",
    "propose_experiments",
    "validate",
]
