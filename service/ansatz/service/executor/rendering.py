"""Pictures of candidates."""

from __future__ import annotations

from ansatz.discovery import Curves, InvalidInputError, Trajectories, Violation
from ansatz.discovery.expression import Node
from ansatz.discovery.pictures.curve_picture import picture
from ansatz.discovery.pictures.curve_plots import plot_curves
from ansatz.discovery.pictures.plots import FrontPoint, ImageFormat, plot_motion, plot_table
from ansatz.service.executor.frames import Frame, Kind, parted
from ansatz.service.wire.found import constants_from_proto, law_of_rank
from ansatz.service.wire.problem import problem_from_proto
from ansatz.v1 import discovery_service_pb2, problem_pb2, report_pb2

_FORMATS = {
    discovery_service_pb2.PLOT_FORMAT_UNSPECIFIED: ImageFormat.SVG,
    discovery_service_pb2.PLOT_FORMAT_SVG: ImageFormat.SVG,
    discovery_service_pb2.PLOT_FORMAT_PNG: ImageFormat.PNG,
}


def render(payload: bytes) -> Frame:
    """The answer to RENDER."""
    problem, told, request = parted(payload)
    asked = discovery_service_pb2.RenderPlotRequest.FromString(request)
    observations, options = problem_from_proto(problem_pb2.Problem.FromString(problem))
    report = report_pb2.Report.FromString(told)
    candidates = report.candidates
    chosen = next(c for c in candidates if c.rank == (asked.rank or 1))
    form = _FORMATS.get(asked.format)
    if form is None:
        known = ", ".join(discovery_service_pb2.PlotFormat.keys())
        raise InvalidInputError([Violation("format", f"{asked.format} is no format; formats: {known}")])
    if isinstance(observations, Trajectories):
        image = plot_motion(observations, _equations(chosen, observations), form)
    elif isinstance(observations, Curves):
        held_out = report.curves.held_out_rows > 0
        image = plot_curves(picture(observations, law_of_rank(report, chosen.rank), held_out, options), form)
    else:
        formula = observations.names.parse(chosen.formula, "formula")
        points = [
            FrontPoint(c.complexity, c.scores.relative_error, c.rank == chosen.rank, c.on_pareto_front)
            for c in candidates
        ]
        image = plot_table(observations, formula, points, form, constants_from_proto(chosen))
    response = discovery_service_pb2.RenderPlotResponse(image=image, media_type=form.media_type)
    return Kind.ANSWER, response.SerializeToString()


def _equations(candidate: report_pb2.Candidate, trajectories: Trajectories) -> list[Node]:
    names = trajectories.names
    equations = (candidate.equations[names.identifiers[state]] for state in trajectories.states)
    return [names.parse(equation, "equations") for equation in equations]
