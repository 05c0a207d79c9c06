"""The growth of shares of successes with scale: whether log(−log y) bends against the logarithm of scale.

After Hu et al. 2023, arXiv:2310.03262; of every series by itself and of all together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.search import scale_columns
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.report.curves import Emergence, EmergenceVerdict

_MAIN: Final = ("C", "N", "D", "S")


@dataclass(frozen=True)
class _Verdict:
    """Say when there is a verdict, and which. By convention, but for the rows.

    Attributes:
        level: of the test of a bend.
        probability: of its interval, which thus holds 0 where the test finds none.
        fewest_rows: of a verdict. Chosen by judgement.
        spare: rows beyond the constants, at least.
    """

    level: float = 0.05
    probability: float = 0.95
    fewest_rows: int = 6
    spare: int = 2


_VERDICT: Final = _Verdict()


@dataclass(frozen=True, eq=False)
class _Rows:
    """Shares within (0, 1) against scales.

    Attributes:
        value: log(−log y), `(n,)`.
        error: its standard deviation up to a factor, `(n,)`.
        scales: logarithms of scale, `(n, k)`, the main one first.
        run: number of the series, `(n,)`.
    """

    value: Array
    error: Array
    scales: Array
    run: NDArray[np.intp]

    def only(self, rows: NDArray[np.bool_]) -> _Rows:
        """Return some of the rows."""
        return _Rows(self.value[rows], self.error[rows], self.scales[rows], self.run[rows])


def emergence(prepared: PreparedCurves) -> tuple[EmergenceVerdict, ...]:
    """Return the verdict on all rows (`series` empty), and on every run along which the scale grows.

    There is none where values are no shares of successes that grow with scale, or too few. Where there are several
    scales, the bend is along compute, size or data, in this order, and the others are taken to act as powers. On all
    rows, each run may have a power law of its own, but the bend is one.
    """
    sample = prepared.sample
    columns = _scales(prepared)
    if not columns or float(sample.y.min()) < 0 or float(sample.y.max()) > 1:
        return ()
    rows = _usable(prepared, columns)
    apart = bool(prepared.run_names) and all(np.ptp(x) > 0 for _, x in _by_run(rows))
    series = rows.run if apart else np.zeros(rows.run.size, dtype=np.intp)
    together = _verdict("", columns[0], _Rows(rows.value, rows.error, rows.scales, series))
    if together is None:
        return ()
    if not apart or np.unique(series).size < 2:
        return (together,)
    named = [_verdict(prepared.run_names[run], columns[0], rows.only(rows.run == run)) for run in np.unique(series)]
    return (together, *(verdict for verdict in named if verdict is not None))


def _scales(prepared: PreparedCurves) -> list[str]:
    """Return the columns of scale, the main one first."""
    columns = list(scale_columns(prepared.sample, prepared))
    by_role = [prepared.roles[role] for role in _MAIN if prepared.roles.get(role) in columns]
    return list(dict.fromkeys([*by_role, *columns]))


def _usable(prepared: PreparedCurves, columns: list[str]) -> _Rows:
    sample = prepared.sample
    inside = (sample.y > 0) & (sample.y < 1) & np.all([sample.columns[name] > 0 for name in columns], axis=0)
    part = sample.only(inside)
    with np.errstate(all="ignore"):
        _, slope = part.to_scale(part.y)
        error = part.spread / np.abs(slope) / np.abs(part.y * np.log(part.y))
        value = np.log(-np.log(part.y))
    logarithms = np.column_stack([np.log(part.columns[name]) for name in columns])
    return _Rows(value, error, logarithms, part.run)


def _by_run(rows: _Rows) -> list[tuple[int, Array]]:
    return [(int(run), rows.scales[rows.run == run, 0]) for run in np.unique(rows.run)]


def _verdict(name: str, column: str, rows: _Rows) -> EmergenceVerdict | None:
    """Fit a power law for each series and the bend common to all; None on too few rows, or where nothing grows."""
    runs = np.unique(rows.run)
    x = rows.scales - rows.scales.mean(axis=0) if rows.value.size else rows.scales
    own = [np.where(rows.run == run, part, 0.0) for run in runs for part in (np.ones(rows.run.size), x[:, 0])]
    varying = [x[:, k] for k in range(1, x.shape[1]) if np.ptp(x[:, k]) > 0]
    constants = len(own) + len(varying) + 1
    if rows.value.size < max(_VERDICT.fewest_rows, constants + _VERDICT.spare) or np.ptp(x[:, 0]) == 0:
        return None
    design = np.column_stack([*own, *varying, x[:, 0] ** 2]) / rows.error[:, None]
    solution, *_ = np.linalg.lstsq(design, rows.value / rows.error, rcond=None)
    if np.mean(solution[1 : len(own) : 2]) >= 0:
        return None
    rest = rows.value / rows.error - design @ solution
    degrees = rows.value.size - constants
    covariance = Spread.of(design).covariance * float(rest @ rest) / degrees
    return _told(name, column, float(solution[-1]), math.sqrt(max(float(covariance[-1, -1]), 1e-300)), degrees)


def _told(name: str, column: str, bend: float, std_error: float, degrees: int) -> EmergenceVerdict:
    from scipy.special import stdtr

    p = 2 * float(stdtr(degrees, -abs(bend / std_error)))
    half = t_quantile(degrees, 0.5 + _VERDICT.probability / 2) * std_error
    kind = Emergence.LINEAR if p > _VERDICT.level else Emergence.CONCAVE if bend < 0 else Emergence.CONVEX
    return EmergenceVerdict(name, column, kind, bend, bend - half, bend + half, p)
