"""Are the verdicts right? On data of which the truth is known.

    python -m bench.verdicts                                 all parts
    python -m bench.verdicts --parts noise --repeats 60      part of it
    python -m bench.verdicts --cpu --budget 1                budgets in CPU seconds

Parts: `noise`, how often a law is claimed where there is none, by rows and kind of noise; `laws`, how often an ordinary
law is called a law, by the p-value of its own F-test; `residual`, how often the residual of a wrong formula is called
noise; `intervals`, how many 95 % intervals of discovered laws hold the law's own value. Each writes its table of
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery import Candidate, Column, Engine, Options, Progress, Report, Table, discover, evaluate_formula
from ansatz.discovery.expression import Array, Node, Variable, substitute, variables
from bench.cases import SETS, Case, Law, generator, load
from bench.clock import cpu_seconds
from bench.judge import covered, judge
from bench.tables import DOCUMENT, markdown, replace_part

ROWS: Final = (6, 10, 20, 50, 200, 1000)
KINDS: Final = ("normal", "t3", "proportional", "rounded")
P_VALUES: Final = (1e-2, 1e-3, 1e-4, 1e-6)
LAW_ROWS: Final = (8, 20, 60, 200)
PARTS: Final = ("noise", "laws", "residual", "intervals")
TARGET: Final = "y"

Draw = Callable[[Array, np.random.Generator], Array]
ORDINARY: Final[dict[str, tuple[int, int, Draw]]] = {
    # name: (inputs, constants, values at inputs of shape (n, inputs))
    "line": (1, 2, lambda X, r: r.uniform(-2, 2) + r.uniform(0.5, 2) * X[:, 0]),
    "power": (1, 2, lambda X, r: X[:, 0] ** r.uniform(-2, 3)),
    "exponential": (1, 2, lambda X, r: np.exp(-r.uniform(0.3, 2) * X[:, 0])),
    "saturation": (1, 2, lambda X, r: X[:, 0] / (r.uniform(0.3, 3) + X[:, 0])),
    "sigmoid": (1, 3, lambda X, r: 1 / (1 + np.exp(-r.uniform(2, 5) * (X[:, 0] - r.uniform(1, 2.5))))),
    "bell": (1, 3, lambda X, r: np.exp(-(((X[:, 0] - r.uniform(1, 2.5)) / r.uniform(0.4, 1)) ** 2))),
    "decay to a level": (1, 3, lambda X, r: 1 + np.exp(-r.uniform(0.5, 3) * X[:, 0])),
    "parabola": (1, 3, lambda X, r: (X[:, 0] - r.uniform(1, 2.5)) ** 2),
    "plane": (2, 3, lambda X, r: r.uniform(0.5, 2) * X[:, 0] - r.uniform(0.5, 2) * X[:, 1]),
    "powers": (2, 3, lambda X, r: X[:, 0] ** r.uniform(0.5, 2) * X[:, 1] ** -r.uniform(0.5, 2)),
}


@dataclass(frozen=True)
class Settings:
    """How each search is run."""

    budget: float
    cpu: bool
    repeats: int

    def searched(self, X: Array, y: Array, seed: int, leaders: Leaders | None = None) -> Report:
        columns = (*(Column(f"x{j}", x) for j, x in enumerate(X.T)), Column(TARGET, y))
        options = Options(engine=Engine.NONE, budget_seconds=self.budget, seed=seed)
        with cpu_seconds(self.cpu):
            return discover(Table(columns, TARGET), options, leaders)


class Leaders:
    """Keeps every formula that stood first while a search ran."""

    def __init__(self) -> None:
        self.found: dict[str, Candidate] = {}

    def progress(self, progress: Progress) -> None:
        pass

    def front(self, candidates: tuple[Candidate, ...]) -> None:
        if candidates:
            self.found.setdefault(candidates[0].text, candidates[0])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        "bench.verdicts", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--budget", type=float, default=1.0, help="seconds a search")
    parser.add_argument("--cpu", action="store_true", help="count budgets in CPU seconds")
    parser.add_argument("--repeats", type=int, default=20, help="searches a cell")
    parser.add_argument("--rows", type=int, nargs="+", default=[], help="only these")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="of the laws every N-th, from the I-th")
    options = parser.parse_args(arguments)
    settings = Settings(options.budget, options.cpu, options.repeats)
    laws = _laws(options.shard)
    measured: dict[str, Callable[[], list[str]]] = {
        "noise": lambda: noise(settings, options.rows or ROWS),
        "laws": lambda: ordinary_laws(settings, options.rows or LAW_ROWS),
        "residual": lambda: residuals(settings, laws),
        "intervals": lambda: intervals(settings, laws),
    }
    for part in options.parts:
        text = "\n".join(measured[part]())
        print(text, flush=True)
        replace_part(DOCUMENT, f"verdicts-{part}", text)


def _laws(shard: str) -> list[Law]:
    first, step = map(int, shard.split("/"))
    return load(SETS)[first - 1 :: step]


def is_claimed(report: Report) -> bool:
    """Return whether a report claims a law: its first formula holds an input, and no warning takes it back."""
    codes = {w.code for w in report.warnings}
    return bool(variables(report.candidates[0].formula)) and "NOTHING_BEATS_BASELINE" not in codes


def noise(settings: Settings, rows: Sequence[int]) -> list[str]:
    """Return the table of laws claimed in noise."""
    lines = []
    for n in rows:
        shares = []
        for kind in KINDS:
            claims = 0
            for seed in range(settings.repeats):
                rng = generator(f"verdicts noise {n} {kind} {seed}")
                X = _inputs(n, 1 + seed % 4, seed, rng)
                claims += is_claimed(settings.searched(X, _noise(kind, X, rng), seed))
            shares.append(f"{100 * claims / settings.repeats:.1f} %")
            print(f"noise of {n} rows, {kind}: {shares[-1]}", flush=True)
        lines.append((str(n), *shares))
    return markdown(("rows", *KINDS), lines)


def _inputs(rows: int, inputs: int, seed: int, rng: np.random.Generator) -> Array:
    """Uniform inputs, and log-normal ones every other time."""
    X: Array = rng.uniform(0.5, 3, (rows, inputs)) if seed % 8 < 4 else np.exp(rng.standard_normal((rows, inputs)))
    return X


def _noise(kind: str, X: Array, rng: np.random.Generator) -> Array:
    z = np.asarray(rng.standard_t(3, X.shape[0]) if kind == "t3" else rng.standard_normal(X.shape[0]), dtype=float)
    if kind == "proportional":
        z = z * X[:, 0] / np.mean(X[:, 0])
    if kind == "rounded":
        z = np.round(2 * z) / 2
    return z + 5.0


def ordinary_laws(settings: Settings, rows: Sequence[int]) -> list[str]:
    """Return the table of ordinary laws called a law, by rows and the p-value of their own F-test."""
    lines = []
    for p_value in P_VALUES:
        shares = []
        for n in rows:
            claims, tried = 0, 0
            for name in ORDINARY:
                for seed in range(max(settings.repeats // len(ORDINARY), 1)):
                    X, y = drawn(name, n, p_value, seed)
                    claims += is_claimed(settings.searched(X, y, seed))
                    tried += 1
            shares.append(f"{100 * claims / tried:.0f} % of {tried}")
            print(f"laws of {n} rows at p = {p_value:g}: {shares[-1]}", flush=True)
        lines.append((f"{p_value:g}", *shares))
    return markdown(("p of the law's own F-test", *(f"{n} rows" for n in rows)), lines)


def drawn(name: str, rows: int, p_value: float, seed: int) -> tuple[Array, Array]:
    """Return inputs and a noisy ordinary law, its noise such that the law's own F-test has the p-value given."""
    from scipy.stats import f as fisher

    inputs, constants, law = ORDINARY[name]
    rng = generator(f"verdicts {name} {rows} {seed}")
    X = rng.uniform(0.5, 3, (rows, inputs))
    y = law(X, rng)
    signal = y - y.mean()
    # The noise that a fit of so many constants leaves: beside the offset and the law, directions of chance.
    taken = np.linalg.qr(
        np.column_stack([np.ones(rows), signal, rng.standard_normal((rows, max(constants - 2, 0)))])
    )[0][:, :constants]  # fmt: skip
    z = rng.standard_normal(rows)
    left = z - taken @ (taken.T @ z)
    ratio = float(fisher.isf(p_value, constants - 1, rows - constants))
    size = np.sqrt(float(signal @ signal) / (constants - 1) * (rows - constants) / float(left @ left) / ratio)
    return X, y + size * left


def residuals(settings: Settings, laws: Sequence[Law]) -> list[str]:
    """Return the table of wrong formulas whose residual is called noise, by the noise of the data."""
    lines = []
    for level in (0.0, 0.01, 0.1):
        counts: dict[str, list[bool]] = defaultdict(list)
        for law in laws:
            for wrong, last, said in _verdicts(settings, Case(law, level, 0, 1)):
                counts["of any wrong formula" if wrong else "structure said of the law"].append(
                    said if wrong else not said
                )
                if wrong and last:
                    counts["of the last wrong one"].append(said)
        cells = (counts[k] for k in ("of any wrong formula", "of the last wrong one", "structure said of the law"))
        lines.append((f"{level:g}", *(f"{sum(c)} of {len(c)}" for c in cells)))
        print("residual", lines[-1], flush=True)
    return markdown(
        ("noise", "noise said of any wrong formula", "of the last wrong one", "structure said of the law"), lines
    )  # fmt: skip


def _verdicts(settings: Settings, case: Case) -> Iterator[tuple[bool, bool, bool]]:
    """Of each formula that stood first: whether it is wrong, whether it was the last, and whether noise was said of
    what it leaves."""
    columns, y = case.data()
    leaders = Leaders()
    names = list(columns)
    report = settings.searched(np.column_stack(list(columns.values())), y, 0, leaders)
    leaders.front(report.candidates)
    table = Table((*(Column(f"x{j}", columns[n]) for j, n in enumerate(names)), Column(TARGET, y)), TARGET)
    last = report.candidates[0].text
    for text, candidate in leaders.found.items():
        renamed = _renamed(candidate, names)
        wrong = not judge(renamed, case.law, case.noise).exact
        verdict = evaluate_formula(table, text, refit=False).residual
        yield wrong, text == last, verdict is None or verdict.is_noise


def _renamed(candidate: Candidate, names: Sequence[str]) -> Node:
    """The formula in the law's own names."""
    return substitute(candidate.formula, {f"x{j}": Variable(name) for j, name in enumerate(names)})


def intervals(settings: Settings, laws: Sequence[Law]) -> list[str]:
    """Return the table of 95 % intervals of discovered laws that hold the law's own value."""
    lines = []
    for level in (0.001, 0.01, 0.1):
        held = stated = found = 0
        for law in laws:
            for seed in range(settings.repeats):
                case = Case(law, level, 0, 100 + seed)
                columns, y = case.data()
                report = settings.searched(np.column_stack(list(columns.values())), y, seed)
                best = report.candidates[0]
                verdict = judge(_renamed(best, list(columns)), law, level)
                if verdict.exact:
                    own = tuple(
                        (c.lower, c.upper) if c.lower is not None and c.upper is not None else None
                        for c in best.constants
                    )
                    h, s = covered(verdict.fitted, own)
                    held, stated, found = held + h, stated + s, found + 1
        lines.append((f"{level:g}", str(found), f"{held} of {stated}", f"{100 * held / max(stated, 1):.1f} %"))
        print("intervals", lines[-1], flush=True)
    return markdown(("noise", "laws found", "intervals that hold", "share"), lines)


if __name__ == "__main__":
    main()
