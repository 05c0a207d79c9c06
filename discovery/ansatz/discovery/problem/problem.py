"""What the searchers see: a design matrix and a target, by names that formulas can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node, evaluate, values_and_jacobian
from ansatz.discovery.problem.error import rmse_of, size_of
from ansatz.discovery.problem.form import Form
from ansatz.discovery.units.dimensions import Dimensions


@dataclass(frozen=True, eq=False)
class Problem:
    """A regression problem.

    `X` is the design matrix, shape (n, d), float64, finite, columns contiguous (Fortran order); `y` the target, shape
    (n,); `weights` are row weights of mean 1, shape (n,), or None; `names` are d identifiers, the variables of
    formulas; `functions` are the only functions allowed; `max_complexity` bounds the nodes of a formula;
    `seed` is the seed of every random choice; `dimensions` are those of target and inputs, None where no units are
    given. (A searcher's own derived problems need not keep them true.)

    With a `form` the target is that form around what is unknown: formulas of the problem are then laws, as Form has
    them.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    names: tuple[str, ...]
    functions: frozenset[str]
    max_complexity: int
    seed: int
    weights: NDArray[np.float64] | None = None
    dimensions: Dimensions | None = None
    form: Form | None = None

    def __post_init__(self) -> None:
        if self.X.shape != (self.y.size, len(self.names)):
            raise ValueError(f"X of shape {self.X.shape} does not fit {self.y.size} rows and {len(self.names)} names")

    @property
    def rows(self) -> int:
        return int(self.y.size)

    @cached_property
    def columns(self) -> Mapping[str, Array]:
        """The inputs by name, each of shape (n,)."""
        return {name: self.X[:, j] for j, name in enumerate(self.names)}

    @cached_property
    def positive(self) -> frozenset[str]:
        """The variables of formulas that are > 0 on every row."""
        if self.form is not None:
            return self.form.positive(self.columns, self.rows)
        return frozenset(name for name, column in self.columns.items() if float(column.min()) > 0)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of formulas: the inputs, or the arguments of unknown parts."""
        if self.form is None:
            return self.names
        return tuple(dict.fromkeys(name for part in self.form.parts for name in part.arguments))

    @cached_property
    def y_scale(self) -> float:
        """The root of the (weighted) mean square of y; 1 where y is zero."""
        return size_of(self.y, self.weights)

    def rows_only(self, rows: NDArray[np.intp]) -> Problem:
        """The problem on some of its rows."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, X=np.asfortranarray(self.X[rows]), y=self.y[rows], weights=weights)

    def inputs_only(self, names: Sequence[str]) -> Problem:
        """The problem with some of its inputs."""
        if tuple(names) == self.names:
            return self
        chosen = [self.names.index(n) for n in names]
        return replace(self, X=np.asfortranarray(self.X[:, chosen]), names=tuple(names))

    def subsample(self, most: int) -> Problem:
        """The problem on at most `most` rows, drawn without replacement by the problem's seed, once for each size."""
        if self.rows <= most:
            return self
        if most not in self._subsamples:
            self._subsamples[most] = self.rows_only(self.sampled(most))
        return self._subsamples[most]

    def sampled(self, most: int) -> NDArray[np.intp]:
        """The rows of `subsample`, ascending."""
        if self.rows <= most:
            return np.arange(self.rows)
        return np.sort(np.random.default_rng(self.seed).choice(self.rows, most, replace=False))

    @cached_property
    def _subsamples(self) -> dict[int, Problem]:
        return {}

    def evaluate(self, formula: Node) -> Array:
        """Values of the formula on the rows, shape (n,); NaN outside its domain."""
        return evaluate(self.composed(formula), self.columns, self.rows)

    def values_and_jacobian(
        self, formula: Node, free: Sequence[int], numbers: Array | None = None
    ) -> tuple[Array, Array]:
        """Values on the rows, shape (n,), and derivatives with respect to the free numbers, shape (n, len(free))."""
        if self.form is None:
            return values_and_jacobian(formula, self.columns, self.rows, free, numbers)
        return self.form.values_and_jacobian(formula, self.columns, self.rows, free, numbers)

    def composed(self, formula: Node) -> Node:
        """The formula of the target in terms of the inputs."""
        return formula if self.form is None else self.form.composed(formula)

    def rmse(self, prediction: Array) -> float:
        """The root of the (weighted) mean squared error of a prediction of shape (n,); inf where not finite."""
        return rmse_of(prediction, self.y, self.weights, self.y_scale)
