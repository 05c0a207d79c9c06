"""Rate laws, each alone and times each variable, as columns that are integrated along a motion once for all states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.fit.minpack import Stop, minimise_numerically
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.integral import IntegralForm
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.rate_laws import Family


@dataclass(frozen=True)
class _Bank:
    """Say how a bank is built and looked through. Chosen by judgement; `tests/…/test_motion_cases.py` holds them.

    Attributes:
        rows: at which columns are compared, of all samples: these tell forms apart as well as more do.
        refined: families and factors whose constants are fitted, those that explain most on their grid.
        evaluations: of such a fit.
        gain: share of the sum of squares by which another step must lower it.
        step: share of a constant by which another step must move it.
        parallel: squared length that others leave of a column of length 1, below which it adds nothing.
        most_quadratic: variables of which the known monomials are quadratic; of more, they are linear.
    """

    rows: int = 400
    refined: int = 40
    evaluations: int = 60
    gain: float = 1e-8
    step: float = 1e-7
    parallel: float = 1e-9
    most_quadratic: int = 4


_BANK: Final = _Bank()


@dataclass(frozen=True, eq=False)
class Entry:
    """A family times a factor, and where its columns stand in the bank."""

    family: Family
    factor: Node
    columns: slice


@dataclass(frozen=True, eq=False)
class Pick:
    """A rate law that explains a share `gain` of what is left, `term` with the constants at which it does."""

    kind: tuple[str, ...]
    term: Node
    gain: float


class Bank:
    """Hold the columns of families times factors, of unit length, what low powers explain taken off.

    `columns` are the variables at the nodes of `form`, `names` those of which monomials are made, up to `degree`.
    """

    def __init__(self, form: IntegralForm, columns: Mapping[str, Array], names: Sequence[str], degree: int) -> None:
        self.form, self._variables, self._names = form, columns, names
        self._count = next(iter(columns.values())).size
        rows = form.rows.size
        self._picked = np.unique(np.linspace(0, rows - 1, min(_BANK.rows, rows)).astype(int))
        known = form.known[self._picked]
        self._windows = np.linalg.qr(known[:, np.any(known != 0, axis=0)])[0]
        self.degree = degree if len(names) <= _BANK.most_quadratic else 1
        self.plain = tuple(monomials(list(names), self.degree))
        self.factors = tuple(monomials(list(names), 1))
        self.plain_columns = self.own(self.plain)
        self._basis = np.linalg.qr(np.column_stack([self._windows, _unit(self.plain_columns)]))[0]
        self.entries: list[Entry] = []
        self._blocks: list[Array] = []
        self._filled = 0

    def with_rows_of(self, form: IntegralForm) -> bool:
        """Return whether the bank serves another state as well: its samples are the same."""
        return np.array_equal(form.rows, self.form.rows)

    def add_once(self, families: Sequence[Family]) -> None:
        """Integrate those families whose kind is not in the bank yet."""
        known = {entry.family.kind for entry in self.entries}
        self.add([f for f in families if f.kind not in known])

    def add(self, families: Sequence[Family]) -> None:
        """Integrate more families."""
        factors = [self._values(f)[:, None] for f in self.factors]
        for family in families:
            with np.errstate(all="ignore"):
                values = np.column_stack([family.values(c) for c in family.grid])
            for factor, size in zip(self.factors, factors, strict=True):
                block = _unit(self._left(self._integrated(values * size)))
                self._blocks.append(block)
                self.entries.append(Entry(family, factor, slice(self._filled, self._filled + block.shape[1])))
                self._filled += block.shape[1]
        self.__dict__.pop("_all", None)

    @cached_property
    def _all(self) -> Array:
        return np.hstack(self._blocks)

    def own(self, terms: Sequence[Node]) -> Array:
        """Return terms integrated, at the rows compared, what the initial values explain taken off, `(rows, p)`."""
        found = self._integrated(np.column_stack([self._values(t) for t in terms]))
        left: Array = found - self._windows @ (self._windows.T @ found)
        return left

    def target(self, form: IntegralForm) -> Array:
        """Return the state at the rows compared, what its initial values explain taken off."""
        y = form.target[self._picked]
        left: Array = y - self._windows @ (self._windows.T @ y)
        return left

    def picks(self, form: IntegralForm, beside: Sequence[Node], most: int) -> list[Pick]:
        """Return the best of each kind, refined, that explain most of a state beside low powers and other terms."""
        if not self.entries:
            return []
        basis = self._basis
        if beside:
            basis = np.linalg.qr(np.column_stack([basis, _unit(self._left(self.own(beside)))]))[0]
        y = self.target(form)
        rest = y - basis @ (basis.T @ y)
        total = float(rest @ rest)
        if not total > 0:
            return []
        overlap = basis.T @ self._all
        left = 1.0 - np.einsum("ij,ij->j", overlap, overlap)
        with np.errstate(all="ignore"):
            gains = np.where(left > _BANK.parallel, (rest @ self._all) ** 2 / np.maximum(left, _BANK.parallel), 0.0)
        best = [(float(gains[e.columns].max()), int(np.argmax(gains[e.columns])), e) for e in self.entries]
        best.sort(key=lambda item: -item[0])
        found = [self._refined(entry, i, basis, rest, total) for _, i, entry in best[: _BANK.refined]]
        kinds: dict[tuple[str, ...], Pick] = {}
        for pick in sorted(found, key=lambda pick: -pick.gain):
            kinds.setdefault(pick.kind, pick)
        return list(kinds.values())[:most]

    def _refined(self, entry: Entry, member: int, basis: Array, rest: Array, total: float) -> Pick:
        """Return a member of a family with its constants where it explains most; the linear ones are solved for."""
        start, size = entry.family.grid[member], self._values(entry.factor)

        def residual(logs: Array) -> Array:
            with np.errstate(all="ignore"):
                column = self._integrated((entry.family.values(start * np.exp(logs)) * size)[:, None])[:, 0]
                column = column - basis @ (basis.T @ column)
                length = float(column @ column)
                if not (np.isfinite(length) and length > 0):
                    return rest
                explained: Array = rest - column * (float(column @ rest) / length)
            return explained

        constants, left = start, residual(np.zeros(start.size))
        if start.size:
            stop = Stop(_BANK.gain, _BANK.step, _BANK.evaluations)
            logs = minimise_numerically(residual, np.zeros(start.size), stop)
            if logs is not None and np.all(np.abs(logs) < np.log(1e6)):
                after = residual(logs)
                if float(after @ after) < float(left @ left):
                    constants, left = start * np.exp(logs), after
        term = build.times(entry.factor, entry.family.node(constants))
        return Pick(entry.family.kind, term, 1.0 - float(left @ left) / total)

    def _values(self, node: Node) -> Array:
        """Return a term at all nodes."""
        return np.broadcast_to(evaluate(node, dict(self._variables), self._count), (self._count,))

    def _integrated(self, values: Array) -> Array:
        with np.errstate(all="ignore"):
            found: Array = self.form.integrated(values)[self._picked]
        return found

    def _left(self, columns: Array) -> Array:
        with np.errstate(all="ignore"):
            left: Array = columns - self._basis @ (self._basis.T @ columns)
        return left


def _unit(columns: Array) -> Array:
    """Return columns of length 1; those that are zero or not finite are zero."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(columns, axis=0)
        usable = np.isfinite(lengths) & (lengths > 0)
        found: Array = np.where(usable, columns / np.where(usable, lengths, 1.0), 0.0)
    return found
