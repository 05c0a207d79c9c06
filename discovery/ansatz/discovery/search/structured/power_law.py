"""y = c * product of x_i**p_i, by weighted linear least squares in logarithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Variable
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured.build import product
from ansatz.discovery.search.structured.exponents import options
from ansatz.discovery.search.structured.shortlist import Shortlist


@dataclass(frozen=True)
class _Effort:
    """Bound the work of the fits. Chosen by judgement; `python -m bench.recovery` and `bench.latency` hold them.

    Attributes:
        rows: looked at: enough for a few exponents, and a fit of milliseconds.
        least_rows: rows below which nothing is searched: a power law goes through any two.
        most_inputs: fitted together, the most correlated.
        reweightings: fits weighted by the prediction of the one before, where there is noise.
    """

    rows: int = 2000
    least_rows: int = 3
    most_inputs: int = 40
    reweightings: int = 4


@dataclass(frozen=True)
class _Tolerances:
    """Tell rounding and noise from a law. Chosen by judgement, some way above the rounding of float64.

    Attributes:
        exact: largest residual in logarithms that is taken for rounding.
        within: standard errors by which an exponent may miss a simple fraction.
        no_emphasis: largest root weight of all rows below which none counts.
        least_emphasis: least root weight of a row in the fit of exponents, over the largest.
        least_weight: least weight of a row in the mean that gives the coefficient.
        singular: share of the largest singular value below which one counts as 0.
    """

    exact: float = 1e-9
    within: float = 3.0
    no_emphasis: float = 1e-100
    least_emphasis: float = 1e-6
    least_weight: float = 1e-12
    singular: float = 1e-12


_EFFORT: Final = _Effort()
_TOLERANCES: Final = _Tolerances()


class PowerLaw:
    """Propose power laws with real exponents; irrelevant inputs are eliminated one by one.

    Works on |y| and |x|. Inputs with a zero are left out; those with negative values take whole exponents of the parity
    that the signs of y ask for.
    """

    name = "structured.power_law"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_EFFORT.rows)
        logs = _Logarithms(small)
        if logs.rows < _EFFORT.least_rows:
            return
        with Shortlist(problem, budget, emit) as shortlist:
            active = logs.start()
            while not shortlist.budget.spent:
                exponents, errors = logs.fit(active)
                for formula in logs.formulas(active, exponents, errors):
                    shortlist.offer(formula)
                if not active:
                    return
                with np.errstate(all="ignore"):
                    significance = np.abs(exponents) / np.maximum(errors, 1e-300)
                del active[int(np.argmin(significance))]


class _Logarithms:
    """Hold the problem in logarithms, on the rows where they exist."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        usable = [j for j in range(len(problem.names)) if np.all(problem.X[:, j] != 0) and np.ptp(problem.X[:, j]) > 0]
        positive = np.count_nonzero(problem.y > 0) * 2 >= problem.rows
        self._negative = {j for j in usable if np.any(problem.X[:, j] < 0)}
        keep = problem.y != 0 if self._negative else (problem.y > 0) == positive
        keep &= problem.y != 0
        self.rows = int(np.count_nonzero(keep))
        self._columns = usable
        self._y = np.log(np.abs(problem.y[keep]))
        self._signs = np.sign(problem.y[keep])
        self._X = problem.X[keep]
        self._logs = np.log(np.abs(self._X[:, usable]))
        weights = np.ones(problem.rows) if problem.weights is None else problem.weights
        self._weights = weights[keep]

    def start(self) -> list[int]:
        """Return positions among the usable columns to begin with: all, or the most correlated where rows are few."""
        most = max(0, min(len(self._columns), self.rows - 2, _EFFORT.most_inputs))
        if most == len(self._columns):
            return list(range(most))
        centred = self._logs - self._logs.mean(axis=0)
        strength = np.abs(centred.T @ (self._y - self._y.mean())) / np.linalg.norm(centred, axis=0)
        return sorted(np.argsort(-strength, kind="stable")[:most].tolist())

    def fit(self, active: list[int]) -> tuple[Array, Array]:
        """Return the exponents and their standard errors, each of shape `(k,)`."""
        design = np.column_stack([np.ones(self.rows), self._logs[:, active]])
        roots = np.sqrt(self._weights)
        solution = _solve(design, self._y, roots)
        residual = self._y - design @ solution
        # Constant noise in y is noise of relative size 1/y in its logarithm.
        for _ in range(_EFFORT.reweightings if np.max(np.abs(residual)) > _TOLERANCES.exact else 0):
            predicted = design @ solution
            emphasis = roots * np.exp(predicted - predicted.max())
            if not emphasis.max() > _TOLERANCES.no_emphasis:
                break  # the rows of the largest values have no weight
            roots_now = np.maximum(emphasis, _TOLERANCES.least_emphasis * emphasis.max())
            solution = _solve(design, self._y, roots_now)
            residual = (self._y - design @ solution) * roots_now / np.sqrt(np.mean(roots_now**2))
        degrees = max(self.rows - design.shape[1], 1)
        covariance = np.linalg.pinv(design.T @ design)
        errors = np.sqrt(np.maximum(np.diag(covariance), 0) * float(residual @ residual) / degrees)
        return solution[1:], errors[1:]

    def formulas(self, active: list[int], exponents: Array, errors: Array) -> list[Node]:
        """Return the law with its exponents as fitted, and with them at near simple fractions."""
        tried = options(exponents, _TOLERANCES.within * errors)
        return [f for f in (self._formula(active, e) for e in tried) if f is not None]

    def _formula(self, active: list[int], exponents: Array) -> Node | None:
        columns = [self._columns[a] for a in active]
        exponents = np.array([round(p) if j in self._negative else p for j, p in zip(columns, exponents, strict=True)])
        sign = self._signs.copy()
        for j, p in zip(columns, exponents, strict=True):
            if j in self._negative and p % 2:
                sign *= np.sign(self._X[:, j])
        with np.errstate(all="ignore"):
            log_size = self._y - self._logs[:, active] @ exponents
            size = np.average(log_size, weights=self._weights)
            emphasis = self._weights * np.exp(2 * (self._y - self._y.max()))
            if np.ptp(log_size) > _TOLERANCES.exact:
                size = np.average(log_size, weights=np.maximum(emphasis, _TOLERANCES.least_weight))
            coefficient = float(np.exp(size)) * (1.0 if np.average(sign, weights=self._weights) >= 0 else -1.0)
        if not np.isfinite(coefficient) or coefficient == 0.0:
            return None
        names = [self._problem.names[j] for j in columns]
        factors = [(Variable(n), float(p)) for n, p in zip(names, exponents, strict=True)]
        return product(coefficient, factors, self._problem.functions)


def _solve(design: Array, target: Array, roots: Array) -> Array:
    weighted = design * roots[:, None]
    return np.asarray(np.linalg.lstsq(weighted, target * roots, rcond=_TOLERANCES.singular)[0])
