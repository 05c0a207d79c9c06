"""What motion shows beside its equations, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansatz.client.cli.views.levels import TREND, p_value
from ansatz.client.results.estimate import Estimate
from ansatz.client.results.motion import Drift, JumpLaw, Reversion, SlowingDown

_MOST = 20


def drift_lines(drift: Drift) -> Iterator[str]:
    """Yield a line for each rate of reversion, and for how it depends on a parameter."""
    for reversion in drift.reversions[:_MOST]:
        yield _reversion(reversion)
    if len(drift.reversions) > _MOST:
        yield f"… and {len(drift.reversions) - _MOST} more; --format json has them all"
    for slowing in drift.slowing_down:
        yield _slowing_down(slowing)


def jump_lines(laws: Iterable[JumpLaw]) -> Iterator[str]:
    """Yield a line for what the jumps of each state have in common."""
    for law in laws:
        at = "" if law.position.value is None else f" at {_estimate(law.position)}"
        jump = f"from {_estimate(law.before)} to {_estimate(law.after)}, by a factor of {_estimate(law.ratio)}"
        yield f"{law.count} jumps of {law.state}{at}: {jump}"


def _reversion(reversion: Reversion) -> str:
    where = f"{reversion.state} ({reversion.group})" if reversion.group else reversion.state
    text = f"{where} reverts at a rate of {_estimate(reversion.rate)}, half-life {_estimate(reversion.half_life)}"
    text += f", to {_estimate(reversion.mean)}"
    if reversion.stationary_std is not None:
        text += f", with a spread of {reversion.stationary_std:.4g}"
    return f"{text}; a random walk: {p_value(reversion.random_walk_p, TREND)}"


def _slowing_down(slowing: SlowingDown) -> str:
    rate = "rate" if slowing.law == "linear" else "rate squared"
    return (
        f"{slowing.state}: {rate} changes by {_estimate(slowing.slope)} a unit of {slowing.parameter} "
        f"({p_value(slowing.p_value, TREND)}) and is 0 at {slowing.parameter} = {_estimate(slowing.zero)}"
    )


def _estimate(estimate: Estimate) -> str:
    value, lower, upper = (_side(v) for v in (estimate.value, estimate.lower, estimate.upper))
    return f"{value} [{lower}, {upper}]"


def _side(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
