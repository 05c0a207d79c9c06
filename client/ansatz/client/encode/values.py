"""Values that several requests hold, checked where the wire could not carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from google.protobuf.duration_pb2 import Duration

from ansatz.client.errors import InvalidRequest
from ansatz.v1 import comparison_pb2

_MAX_UINT32 = 2**32 - 1


def job_name(job_id: str) -> str:
    """Return the name of a job on the wire; `job_id` may be that name already."""
    return f"jobs/{job_id.removeprefix('jobs/')}"


def uint32(value: int, field: str, least: int = 0) -> int:
    """Return the value. Raises InvalidRequest where it is no whole number from `least` to 2**32 - 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MAX_UINT32:
        raise InvalidRequest.of(field, f"is {value!r:.60}; give a whole number from {least} to {_MAX_UINT32}")
    return value


def duration(seconds: float, field: str) -> Duration:
    """Return the message for a time. Raises InvalidRequest where it is not finite."""
    if not (math.isfinite(seconds) and abs(seconds) < 1e11):
        raise InvalidRequest.of(field, f"is {seconds} s; give a finite number of seconds")
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def names(given: Sequence[str] | None, field: str) -> Sequence[str]:
    """Return the names; none for None. Raises InvalidRequest where one text is given for a list."""
    if isinstance(given, str):
        raise InvalidRequest.of(field, f"is {given!r:.60}; give a list of names")
    return given or ()


def box(given: Mapping[str, tuple[float, float]] | None) -> dict[str, comparison_pb2.Interval]:
    """Return intervals by name. Raises InvalidRequest where one is no pair of finite numbers."""
    message: dict[str, comparison_pb2.Interval] = {}
    for name, limits in (given or {}).items():
        try:
            lower, upper = map(float, limits)
        except (TypeError, ValueError):
            raise InvalidRequest.of(f"box[{name!r}]", f"is {limits!r:.60}; give a pair (lower, upper)") from None
        if not (math.isfinite(lower) and math.isfinite(upper)):
            raise InvalidRequest.of(f"box[{name!r}]", f"is {lower} to {upper}; give finite limits")
        message[str(name)] = comparison_pb2.Interval(lower=lower, upper=upper)
    return message
