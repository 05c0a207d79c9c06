"""Law discovery: observations in, ranked formulas out. Knows nothing of gRPC, jobs or storage."""

from ansatz.discovery.compare import Comparison, Equivalence, FormulaPoint, Verdict, compare_formulas
from ansatz.discovery.curves.answers import Questions, answer
from ansatz.discovery.curves.chosen import ChosenLaw
from ansatz.discovery.curves.observations import Curves, ValueScale
from ansatz.discovery.curves.results import (
    Answers,
    CurveFindings,
    Emergence,
    EmergenceVerdict,
    Estimate,
    LawConstant,
    LawFacts,
)
from ansatz.discovery.discover import Evaluation, Listener, Observations, discover, evaluate_formula, validate
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
from ansatz.discovery.trajectories.evidence import Conserved, Motion, StateScores
from ansatz.discovery.trajectories.jumps import Jump, JumpLaw
from ansatz.discovery.trajectories.observations import Trajectories
from ansatz.discovery.trajectories.stochastic.drift import Drift, Reversion, SlowingDown
from ansatz.discovery.units.consistency import Consistency

__all__ = [
    "Answers",
    "Box",
    "Candidate",
    "ChosenLaw",
    "Column",
    "Comparison",
    "Conserved",
    "Consistency",
    "Constant",
    "ConstantLaw",
    "CurveFindings",
    "Curves",
    "Drift",
    "Emergence",
    "EmergenceVerdict",
    "Engine",
    "EngineNotReadyError",
    "Equivalence",
    "Estimate",
    "Evaluation",
    "Experiment",
    "FormulaPoint",
    "GroupValue",
    "Interval",
    "InvalidInputError",
    "Jump",
    "JumpLaw",
    "LawConstant",
    "LawFacts",
    "Listener",
    "Loss",
    "Motion",
    "Observations",
    "Options",
    "Parameter",
    "Progress",
    "Proposal",
    "Questions",
    "Receipt",
    "RefinementStep",
    "Report",
    "ResidualVerdict",
    "Reversion",
    "Rival",
    "Scores",
    "SlowingDown",
    "StateScores",
    "Table",
    "TermOverlap",
    "Trajectories",
    "ValueScale",
    "Verdict",
    "Violation",
    "Warning",
    "answer",
    "compare_formulas",
    "discover",
    "evaluate_formula",
    "propose_experiments",
    "validate",
]
