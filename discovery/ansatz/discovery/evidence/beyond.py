"""Where formulas that the data do not tell apart part company outside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.report.report import Warning


@dataclass(frozen=True)
class _Beyond:
    """Say where formulas are compared outside the data, and what disagrees. Chosen by judgement.

    Attributes:
        decade: factor over which a positive input must range to be followed by that factor beyond, not by its range.
        apart: share of the larger prediction by which two must differ: a factor of two, or the sign.
        spreads: ranges of the target's values by which they must differ, too.
        most: formulas compared with the best.
    """

    decade: float = 10.0
    apart: float = 0.5
    spreads: float = 1.0
    most: int = 5


_BEYOND: Final = _Beyond()
Predict = Callable[[Mapping[str, Array]], Array]
"""The values of a formula, shape (m,), where inputs have those of columns of that shape."""


@dataclass(frozen=True)
class _Place:
    """A point outside the data.

    Attributes:
        name: of the input that leaves them.
        end: where its data end.
        value: what it is there.
    """

    name: str
    end: float
    value: float

    @property
    def direction(self) -> str:
        return "above" if self.value > self.end else "below"


@np.errstate(all="ignore")
def beyond_warnings(columns: Mapping[str, Array], y: Array, rivals: Sequence[tuple[str, Predict]]) -> list[Warning]:
    """Warn where the first of the rivals and another disagree, one range of an input beyond its data, or a decade.

    Args:
        columns: the inputs, each of shape (n,).
        y: the target, shape (n,).
        rivals: text and values of formulas that the data do not tell apart, the best first.

    The other inputs are in the middle of their data. Predictions disagree where they differ by more than the values of
    the target do among themselves, and by a factor of two. Told is where the factor is largest.
    """
    used = [name for name, values in columns.items() if np.ptp(values) > 0]
    places = [place for name in used for place in _places(name, columns[name])]
    if len(rivals) < 2 or not places:
        return []
    points = {name: np.full(len(places), float(np.median(values))) for name, values in columns.items()}
    for i, place in enumerate(places):
        points[place.name][i] = place.value
    (text, own), *others = [(said, np.broadcast_to(predict(points), len(places))) for said, predict in rivals]
    found: list[tuple[float, _Place, str, float, float]] = []
    for said, values in others[: _BEYOND.most]:
        far = _apart(own, values, float(np.ptp(y)))
        i = int(np.argmax(far))
        if far[i] > 0:
            found.append((float(far[i]), places[i], said, float(own[i]), float(values[i])))
    if not found:
        return []
    _, place, said, first, second = max(found, key=lambda one: one[0])
    message = (
        f"Formulas that the data do not tell apart disagree {place.direction} the data: at {place.name} = "
        f"{place.value:.4g} (the data end at {place.end:.4g}; other inputs in the middle of theirs) {text} gives "
        f"{first:.4g}, and {said} gives {second:.4g}."
    )
    return [Warning("EXTRAPOLATION_DISAGREES", message)]


def _places(name: str, values: Array) -> Iterator[_Place]:
    """Yield the points below and above the data of an input; one that is > 0 stays so."""
    low, high = float(values.min()), float(values.max())
    by_factor = low > 0 and high >= _BEYOND.decade * low
    span = high - low
    below = low / _BEYOND.decade if by_factor or 0 < low <= span else low - span
    yield _Place(name, high, high * _BEYOND.decade if by_factor else high + span)
    if low != 0:  # what begins at 0 hardly goes on below
        yield _Place(name, low, below)


def _apart(own: Array, other: Array, spread: float) -> Array:
    """Return by how much predictions disagree, as the larger over the smaller; 0 where they do not, shape (m,)."""
    size, difference = np.maximum(np.abs(own), np.abs(other)), np.abs(own - other)
    disagree = (difference > _BEYOND.spreads * spread) & (difference > _BEYOND.apart * size)
    factor = size / np.maximum(np.minimum(np.abs(own), np.abs(other)), 1e-300)
    return np.where(np.isfinite(own) & np.isfinite(other) & disagree, factor, 0.0)
