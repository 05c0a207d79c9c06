"""What is compared: Ansatz by the library or through a server, other engines alone, and two baselines."""

from __future__ import annotations

import importlib.util
import math
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.expression import Array, Node, complexity, evaluate, parse, simplify
from ansatz.discovery.expression.node import Apply, Number, add, multiply, power, rebuild
from ansatz.discovery.expression.node import Variable as Input
from bench.judge import polished

Interval = tuple[float, float] | None
TARGET: Final = "target_"
_FUNCTIONS: Final = ("exp", "log", "sqrt", "sin", "cos", "tanh", "asin")  # beside + - * / and powers


@dataclass(frozen=True)
class Found:
    """Formulas by rank; `raw`: as an engine left them, to be tidied and ranked. `intervals`: the 95 % interval of each
    constant of the first, where stated."""

    formulas: tuple[Node, ...]
    intervals: tuple[Interval, ...] = ()
    warnings: tuple[str, ...] = ()
    raw: bool = False


Method = Callable[[dict[str, Array], Array, float, int], Found]
"""(columns, y, budget in seconds, seed) → what was found."""
NO_UNITS: Final[Mapping[str, str]] = {}


def ansatz(engine: Engine, units: Mapping[str, str] = NO_UNITS) -> Method:
    """The library, called directly, told the units of columns and, under its name, of the target."""

    def run(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
        values = {**columns, TARGET: y}
        table = Table(tuple(Column(n, v, units.get(n, "")) for n, v in values.items()), TARGET, tuple(columns))
        report = discover(table, Options(engine=engine, budget_seconds=budget, seed=seed))
        constants = report.candidates[0].constants if report.candidates else ()
        return Found(
            tuple(c.formula for c in report.candidates),
            tuple((c.lower, c.upper) if c.lower is not None and c.upper is not None else None for c in constants),
            tuple(w.code for w in report.warnings),
        )

    return run


def service(target: str, engine: Engine) -> Method:
    """A server at `target`, through the wire."""
    from ansatz.client import Client

    client = Client(target)

    def run(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
        report = client.discover(
            columns, y, inputs=tuple(columns), target_name=TARGET, budget=budget, seed=seed, engine=engine.value
        )
        best = report.best
        intervals = tuple(
            (c.lower, c.upper) if c.lower is not None and c.upper is not None else None
            for c in (best.constants if best else ())
        )
        formulas = tuple(parse(c.formula, list(columns)) for c in report.candidates)
        return Found(formulas, intervals, tuple(w.code for w in report.warnings))

    return run


def linear(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
    """A constant and a multiple of each input, by least squares."""
    X = np.column_stack([np.ones_like(y), *columns.values()])
    (offset, *slopes), *_ = np.linalg.lstsq(X, y, rcond=None)
    formula: Node = Number(float(offset))
    for name, slope in zip(columns, slopes, strict=True):
        formula = add(formula, multiply(Number(float(slope)), Input(name)))
    return Found((formula,))


def log_log(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
    """A constant and a power of each input, by least squares of the logarithms; nothing where y changes its sign."""
    sign = math.copysign(1.0, float(np.median(y)))
    positive = {n: v for n, v in columns.items() if np.all(v > 0)}
    if not positive or np.any(sign * y <= 0):
        return Found(())
    X = np.column_stack([np.ones_like(y), *(np.log(v) for v in positive.values())])
    (scale, *exponents), *_ = np.linalg.lstsq(X, np.log(sign * y), rcond=None)
    formula: Node = Number(sign * math.exp(float(scale)))
    for name, exponent in zip(positive, exponents, strict=True):
        formula = multiply(formula, power(Input(name), Number(float(exponent))))
    return Found((formula,), raw=True)


def operon(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
    """pyoperon alone, with the settings that did best in trials: NMSE and length, five local steps, population 500."""
    from pyoperon.sklearn import SymbolicRegressor

    symbols = "add,sub,mul,div,pow,constant,variable," + ",".join(_FUNCTIONS)
    engine = SymbolicRegressor(
        allowed_symbols=symbols, objectives=["nmse", "length"], epsilon=1e-13, optimizer_iterations=5,
        population_size=500, max_length=25, generations=10**6, max_evaluations=10**9, max_time=math.ceil(budget),
        n_threads=2, random_state=seed,
    )  # fmt: skip
    engine.fit(np.column_stack(list(columns.values())), y)
    texts = [engine.get_model_string(model["tree"], 17, list(columns)) for model in engine.pareto_front_]
    return Found(_parsed(texts, columns), raw=True)


def pysr(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
    """PySR alone, with its defaults and the same functions."""
    from pysr import PySRRegressor

    engine = PySRRegressor(
        niterations=10**6, timeout_in_seconds=budget, binary_operators=["+", "-", "*", "/", "^"],
        unary_operators=[f for f in _FUNCTIONS if f != "asin"], random_state=seed, progress=False, verbosity=0,
        temp_equation_file=True,
    )  # fmt: skip
    engine.fit(np.column_stack(list(columns.values())), y, variable_names=list(columns))
    return Found(_parsed([str(e) for e in engine.equations_["equation"]], columns), raw=True)


def gplearn(columns: dict[str, Array], y: Array, budget: float, seed: int) -> Found:
    """gplearn with its defaults, generation after generation until the budget is spent."""
    from gplearn.genetic import SymbolicRegressor

    end = time.monotonic() + budget
    X = np.column_stack(list(columns.values()))
    functions = ("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos")
    engine = SymbolicRegressor(function_set=functions, generations=1, warm_start=True, random_state=seed, n_jobs=2)
    while time.monotonic() < end:
        engine.fit(X, y)
        if engine._program.raw_fitness_ <= 1e-12 * np.std(y):
            break
        engine.set_params(generations=engine.generations + 1)
    texts = [_infix(list(engine._program.program), list(columns))]
    return Found(_parsed(texts, columns), raw=True)


PEERS: Final[dict[str, Method]] = {
    "operon": operon, "pysr": pysr, "gplearn": gplearn, "log-log": log_log, "linear": linear,
}  # fmt: skip
_NEEDS: Final = {"operon": "pyoperon", "gplearn": "gplearn", "pysr": "pysr"}


def why_not(name: str) -> str:
    """Why a peer cannot run here; empty where it can."""
    package = _NEEDS.get(name)
    if package and importlib.util.find_spec(package) is None:
        return f"the package {package} is not installed"
    if name == "pysr" and shutil.which("julia") is None:
        return "no Julia was found"
    return ""


def _parsed(texts: Sequence[str], columns: dict[str, Array]) -> tuple[Node, ...]:
    return tuple(parse(text.replace("^", "**"), list(columns)) for text in texts)


def tidied(formulas: Sequence[Node], columns: dict[str, Array], y: Array) -> tuple[Node, ...]:
    """What is done for every peer, outside its time, so that it is judged by its structure alone.

    Constants are fitted in float64, those within 1e-6 of a whole number set to it, terms that vanish dropped, the
    outermost offset left out where that is enough; then the Bayesian information criterion ranks, nodes as parameters.
    """
    ready: dict[Node, float] = {}
    for formula in formulas:
        first = polished(simplify(formula), columns, y)
        for variant in (first, *_without_offset(first)):
            tidy = polished(simplify(_rounded(variant)), columns, y)
            error = float(np.mean(np.square(evaluate(tidy, columns, y.size) - y)))
            if math.isfinite(error):
                floor = 1e-24 * float(np.var(y))
                ready[tidy] = y.size * math.log(error + floor) + math.log(y.size) * complexity(tidy)
    return tuple(sorted(ready, key=ready.__getitem__))


def _without_offset(formula: Node) -> tuple[Node, ...]:
    if isinstance(formula, Apply) and formula.op in ("+", "-"):
        left, right = formula.args
        if isinstance(right, Number):
            return (left,)
        if isinstance(left, Number):
            return (right if formula.op == "+" else Apply("neg", (right,)),)
    return ()


def _rounded(formula: Node) -> Node:
    def leaf(node: Number | Input) -> Node:
        if isinstance(node, Number) and abs(node.value - round(node.value)) <= 1e-6:
            return Number(float(round(node.value)))
        return node

    return rebuild(formula, leaf)


def _infix(program: list[Any], names: Sequence[str]) -> str:
    """gplearn's prefix list as text; its functions are protected by absolute values."""
    token = program.pop(0)
    if isinstance(token, int):
        return names[token]
    if isinstance(token, float):
        return f"({token!r})"
    arguments = [_infix(program, names) for _ in range(token.arity)]
    operators = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if token.name in operators:
        return f"({arguments[0]} {operators[token.name]} {arguments[1]})"
    inside = f"abs({arguments[0]})" if token.name in ("sqrt", "log") else arguments[0]
    return f"{token.name}({inside})"


def safe(text: str) -> str:
    """A method's name as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)
