"""From arguments to requests about formulas and about jobs that exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from ansatz.client.encode.tables import TableOptions, table
from ansatz.client.encode.values import box as box_message
from ansatz.client.encode.values import job_name, uint32
from ansatz.client.errors import InvalidRequest
from ansatz.v1 import curves_pb2
from ansatz.v1 import discovery_service_pb2 as pb2


def evaluate_formula(
    formula: str, X: Any, y: Any, *, refit: bool, **keywords: Unpack[TableOptions]
) -> pb2.EvaluateFormulaRequest:
    """Return the request for the scores of a formula."""
    return pb2.EvaluateFormulaRequest(formula=formula, table=table(X, y, **keywords), refit=refit)


def compare_formulas(
    a: str, b: str, box: Mapping[str, tuple[float, float]] | None, free_constants: bool
) -> pb2.CompareFormulasRequest:
    """Return the request for a comparison."""
    return pb2.CompareFormulasRequest(a=a, b=b, box=box_message(box), free_constants=free_constants)


def propose_experiments(
    job_id: str, box: Mapping[str, tuple[float, float]] | None, n: int, seed: int
) -> pb2.ProposeExperimentsRequest:
    """Return the request for `n` experiments."""
    return pb2.ProposeExperimentsRequest(
        job=job_name(job_id), box=box_message(box), n=uint32(n, "n", least=1), seed=uint32(seed, "seed")
    )


def predict_curves(
    name: str,
    points: Iterable[Mapping[str, float]],
    *,
    budgets: Iterable[float],
    targets: Iterable[float],
    rank: int,
    probability: float,
) -> pb2.PredictCurvesRequest:
    """Return the request for what a law of curves says of other scales."""
    return pb2.PredictCurvesRequest(
        name=name,
        rank=rank,
        points=[curves_pb2.CurvePoint(values={k: float(v) for k, v in point.items()}) for point in points],
        budgets=budgets,
        targets=targets,
        probability=probability,
    )


def render_plot(name: str, rank: int, format: str) -> pb2.RenderPlotRequest:
    """Return the request for a picture. Raises InvalidRequest where the format is no format of pictures."""
    if format not in ("svg", "png"):
        raise InvalidRequest.of("format", f"is {format!r:.40}; give svg or png")
    kind = pb2.PlotFormat.Value(f"PLOT_FORMAT_{format.upper()}")
    return pb2.RenderPlotRequest(name=name, rank=uint32(rank, "rank"), format=kind)
