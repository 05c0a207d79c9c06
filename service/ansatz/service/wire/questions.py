"""From messages to what is asked of formulas and laws. All functions raise InvalidInputError."""

from __future__ import annotations

from collections.abc import Mapping

from ansatz.discovery import Box, Interval, Questions
from ansatz.v1 import comparison_pb2, discovery_service_pb2

DEFAULT_PROBABILITY = 0.8


def box_from_proto(box: Mapping[str, comparison_pb2.Interval]) -> Box:
    """Return the box, inputs in the order of their names."""
    return Box({name: Interval(box[name].lower, box[name].upper) for name in sorted(box)})


def questions_from_proto(request: discovery_service_pb2.PredictCurvesRequest) -> Questions:
    """Return what is asked of a law of curves."""
    return Questions(
        points=tuple(dict(point.values) for point in request.points),
        budgets=tuple(request.budgets),
        targets=tuple(request.targets),
        probability=request.probability if request.HasField("probability") else DEFAULT_PROBABILITY,
    )
