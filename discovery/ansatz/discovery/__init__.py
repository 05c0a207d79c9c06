"""Law discovery: observations in, ranked formulas out. Knows nothing of gRPC, jobs or storage."""

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.parameters import Loss, Parameter
from ansatz.discovery.compare.compare import Comparison, Equivalence, FormulaPoint, Verdict, compare_formulas
from ansatz.discovery.compare.term_sets import TermOverlap
from ansatz.discovery.curves.answers import Questions, answer
from ansatz.discovery.curves.chosen import ChosenLaw
from ansatz.discovery.data.box import Box, Interval
from ansatz.discovery.data.columns import Column
from ansatz.discovery.data.curves import Curves, ValueScale
from ansatz.discovery.data.digest import Observations
from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.data.table import Table
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.discover import (
    Evaluation,
    Listener,
    Question,
    discover,
    evaluate_formula,
    report_on,
    validate,
)
from ansatz.discovery.errors import EngineNotReadyError, InvalidInputError, Violation
from ansatz.discovery.experiments.propose import Experiment, Proposal, Rival, propose_experiments
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.curves import Answers, CurveFindings, Emergence, EmergenceVerdict, LawConstant, LawFacts
from ansatz.discovery.report.estimate import Estimate
from ansatz.discovery.report.motion import Conserved, Drift, Jump, JumpLaw, Motion, Reversion, SlowingDown, StateScores
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.report.report import (
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
from ansatz.discovery.units.consistency import Consistency

__all__ = [
    "Answers",
    "Box",
    "Candidate",
    "ChiSquared",
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
    "Origin",
    "Parameter",
    "Progress",
    "Proposal",
    "Question",
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
    "TargetNoise",
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
    "report_on",
    "validate",
]
