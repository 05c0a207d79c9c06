"""A caller's own equations of motion: fitted on trajectories, and joined with what they miss."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, InvalidInputError, Options, Parameter, Trajectories, discover, validate
from ansatz.discovery.expression import Array, Node, evaluate, to_text
from tests.discovery.trajectories.motions import motion

DATA = Path(__file__).parents[2] / "data" / "motion_ansatz"
T = np.linspace(0, 8, 120)
OPTIONS = Options(engine=Engine.NONE, budget_seconds=1000, functions=())


def values(formula: Node, **at: float) -> float:
    return float(evaluate(formula, {name: np.array([v]) for name, v in at.items()}, 1)[0])


def predators() -> Trajectories:
    rates = lambda t, z: [z[0] * (1.3 - 0.9 * z[1]), z[1] * (0.6 * z[0] - 1.1)]  # noqa: E731
    return motion(rates, [[3.0, 1.0], [1.0, 2.0]], T, ["prey", "hunter"], noise=0.01)


def test_free_constants_are_fitted_and_called_by_their_names() -> None:
    ansatz = "prey: a*prey - b*prey*hunter; hunter: c*prey*hunter - d*hunter"
    report = discover(predators(), replace(OPTIONS, ansatz=ansatz))
    best = report.candidates[0]
    assert best.found_by == "ansatz"
    found = {c.parameter.lstrip("-"): c for c in best.constants}
    for name, truth in (("a", 1.3), ("b", 0.9), ("c", 0.6), ("d", 1.1)):
        assert abs(found[name].value) == pytest.approx(truth, rel=0.05)
        assert found[name].lower is not None
    assert [(s.state, s.added) for s in report.refinement] == [("prey", None), ("hunter", None)]
    assert report.refinement[0].gain_bits > 100
    assert report.residual is not None
    assert report.residual.is_noise


@pytest.mark.slow
def test_what_an_ansatz_misses_is_joined_to_it() -> None:
    made = motion(
        lambda t, z: [z[1], -3.0 * z[0] - 0.35 * z[1] * abs(z[1])], [[2.0, 0.0], [-1.0, 2.0]], T, ["x"], 1e-3, order=2
    )
    report = discover(made, replace(OPTIONS, functions=("abs",), ansatz="-k*x"))
    fitted, joined = report.refinement[:2]
    assert (fitted.state, fitted.added, fitted.mode) == ("x", None, "")
    assert (joined.state, joined.mode) == ("x", "additive")
    assert joined.added is not None
    assert "x_t" in to_text(joined.added)
    assert joined.gain_bits > 100
    best = report.candidates[0]
    assert values(best.equations["x"], x=1.0, x_t=2.0) == pytest.approx(-3.0 - 0.35 * 4, rel=0.01)
    assert "k" in {c.parameter.lstrip("-") for c in best.constants}


def test_a_constant_of_two_equations_is_one() -> None:
    rates = lambda t, z: [-0.4 * z[0] * z[1], 0.4 * z[0] * z[1] - 0.31 * z[1]]  # noqa: E731
    made = motion(rates, [[7.2, 0.98], [5.0, 2.4]], T, ["s", "i"], noise=0.005)
    report = discover(made, replace(OPTIONS, ansatz="s = -b*s*i\ni = b*s*i - g*i"))
    best = report.candidates[0]
    assert [c.parameter for c in best.constants] == ["b", "g"]
    assert [c.value for c in best.constants] == pytest.approx([0.4, 0.31], rel=0.01)


@pytest.mark.slow
def test_the_ansatz_is_always_reported() -> None:
    report = discover(predators(), replace(OPTIONS, budget_seconds=15, ansatz="prey: -b*prey; hunter: d"))
    assert any(c.found_by == "ansatz" for c in report.candidates)


def test_where_fits_start() -> None:
    made = motion(lambda t, x: [0.4 * np.sin(1.7 * x[0]) + 0.5], [[0.1], [2.0]], T, ["x"])
    options = replace(OPTIONS, functions=("sin",), ansatz="a*sin(w*x) + c", parameters=(Parameter("w", 1.5),))
    best = discover(made, options).candidates[0]
    assert values(best.equations["x"], x=1.0) == pytest.approx(0.4 * np.sin(1.7) + 0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"ansatz": "a*prey"}, "options.ansatz", "names no state"),
        ({"ansatz": "lynx: a*prey"}, "options.ansatz", "'lynx' is no state"),
        ({"ansatz": "prey: a; prey: b"}, "options.ansatz", "two equations"),
        ({"ansatz": "prey: sin(a*prey)"}, "options.ansatz", "leaves out"),
        ({"ansatz": "prey: a*(prey"}, "options.ansatz", "should stand"),
        ({"ansatz": "prey: a", "parameters": (Parameter("b", 1.0),)}, "options.parameters[0].name", "no free constant"),
        ({"parameters": (Parameter("a", 1.0),)}, "options.parameters", "ansatz"),
    ],
)
def test_what_cannot_be_an_ansatz_of_a_motion(options: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        validate(predators(), replace(OPTIONS, **options))  # type: ignore[arg-type]
    assert refused.value.violations[0].field == field
    assert said in refused.value.violations[0].description


def pinene() -> Trajectories:
    """The isomerisation of alpha-pinene: five states, nine samples of each."""
    with (DATA / "alpha_pinene.csv").open() as lines:
        names, *rows = list(csv.reader(lines))
    columns = [Column(name, np.array([float(row[i]) for row in rows])) for i, name in enumerate(names)]
    return Trajectories(tuple(columns), "t", ("y1", "y2", "y3", "y4", "y5"))


PINENE = "y1: -(p1+p2)*y1; y2: p1*y1; y3: p2*y1-(p3+p4)*y3+p5*y5; y4: p3*y3; y5: p4*y3-p5*y5"


def test_constants_that_no_equation_determines_alone() -> None:
    report = discover(pinene(), replace(OPTIONS, ansatz=PINENE))
    best = report.candidates[0]
    assert "PREPARED_RUNS" in [w.code for w in report.warnings]
    assert best.found_by == "ansatz"
    assert [c.parameter for c in best.constants] == ["p1", "p2", "p3", "p4", "p5"]
    assert all(c.std_error for c in best.constants)
    # As scipy's least squares on the solution from the first samples has them.
    expected = [5.92584892e-5, 2.96340111e-5, 2.04726775e-5, 2.744667529e-4, 3.99791471e-5]
    assert [c.value for c in best.constants] == pytest.approx(expected, rel=1e-4)
    assert best.scores.rmse**2 * 45 == pytest.approx(19.8722, rel=1e-4)


def chemostat(noise: float = 0.0) -> Trajectories:
    def rates(_: float, z: Array) -> list[float]:
        growth = 0.6 * z[1] / (0.35 + z[1]) * z[0]
        return [growth - 0.25 * z[0], 0.25 * (4 - z[1]) - growth / 0.4545]

    return motion(rates, [[0.1, 3.0], [1.0, 0.5]], np.linspace(0, 30, 80), ["X", "S"], noise)


CHEMOSTAT = "X: mu*S/(K+S)*X-D*X; S: D*(Sf-S)-mu*S/(Y*(K+S))*X"


def test_every_constant_is_told_once() -> None:
    report = discover(chemostat(), replace(OPTIONS, ansatz=CHEMOSTAT))
    found = {c.parameter: c.value for c in report.candidates[0].constants}
    assert list(found) == ["mu", "K", "D", "Sf", "Y"]
    assert list(found.values()) == pytest.approx([0.6, 0.35, 0.25, 4.0, 0.4545], rel=1e-6)
    matrix = report.candidates[0].correlations
    assert len(matrix) == len(found)
    close = [abs(matrix[i][j]) > 0.95 for i in range(len(found)) for j in range(i)]
    assert any(close) == any(w.code == "CONSTANTS_CORRELATED" for w in report.warnings)


def sampled(name: str, states: str, step: int) -> Trajectories:
    """Every so many samples of a motion that was simulated."""
    with (DATA.parent / "motion_cases" / f"{name}.csv").open() as lines:
        names, *rows = list(csv.reader(lines))
    rows = [row for i, row in enumerate(rows) if i % step == 0]
    columns = [Column(n, np.array([float(row[i]) for row in rows])) for i, n in enumerate(names) if n != "run"]
    return Trajectories(tuple(columns), "t", tuple(states.split(",")), runs=tuple(row[0] for row in rows))


@pytest.mark.slow
def test_an_arrhenius_rate_without_starts() -> None:
    ansatz = "Ca: q*(Cf-Ca)-k0*exp(-E/T)*Ca; T: q*(Tf-T)+B*k0*exp(-E/T)*Ca+U*(Tc-T)"
    report = discover(sampled("cstr", "Ca,T", 1), replace(OPTIONS, functions=("exp",), ansatz=ansatz))
    found = {c.parameter: c for c in report.candidates[0].constants}
    for name, value in {"q": 0.5, "Cf": 2.0, "k0": 7.2e10, "E": 8750.0, "B": 60.0, "U": 1.0}.items():
        assert found[name].value == pytest.approx(value, rel=1e-6)
    # Only 0.5*Tf + Tc is determined.
    assert found["Tf"].std_error is None
    assert 0.5 * found["Tf"].value + found["Tc"].value == pytest.approx(475.0, rel=1e-6)
    assert any(w.code == "UNIDENTIFIABLE_CONSTANT" and "Tf, Tc" in w.message for w in report.warnings)


@pytest.mark.slow
def test_stiff_motion_is_followed() -> None:
    ansatz = "A: -k1*A+k2*B*D; B: k1*A-k2*B*D-k3*B**2; D: k3*B**2"
    report = discover(sampled("robertson", "A,B,D", 1), replace(OPTIONS, ansatz=ansatz, budget_seconds=60))
    found = [c.value for c in report.candidates[0].constants]
    assert found == pytest.approx([0.04, 1e4, 3e7], rel=1e-5)


def in_bed() -> Trajectories:
    """An influenza at a boarding school: B in bed; nobody saw S, the susceptible."""
    with (DATA / "boarding_school_unobserved.csv").open() as lines:
        names, *rows = list(csv.reader(lines))
    columns = [Column(n, np.array([float(row[i] or "nan") for row in rows])) for i, n in enumerate(names)]
    return Trajectories(tuple(columns), "day", ("S", "B"))


@pytest.mark.slow
def test_a_state_that_nobody_observed() -> None:
    report = discover(in_bed(), replace(OPTIONS, ansatz="S: -b*S*B; B: b*S*B-g*B"))
    best = report.candidates[0]
    # As scipy's least squares on the solution has them, both initial values free.
    assert [c.parameter for c in best.constants] == ["b", "g", "S(0)", "B(0)"]
    expected = [2.20008e-3, 0.478223, 801.901, 2.40824]
    assert [c.value for c in best.constants] == pytest.approx(expected, rel=1e-3)
    assert best.scores.rmse == pytest.approx(15.978, rel=1e-4)
    assert any(w.code == "CONSTANTS_CORRELATED" and "S(0)" in w.message for w in report.warnings)


def test_a_state_that_nobody_observed_needs_an_equation() -> None:
    for ansatz in ("", "B: b*S*B-g*B"):
        with pytest.raises(InvalidInputError) as refused:
            validate(in_bed(), replace(OPTIONS, ansatz=ansatz))
        assert "give an ansatz with an equation for every state" in refused.value.violations[0].description


def test_bounds_hold() -> None:
    parameters = (Parameter("K", lower=0.36, upper=2.0), Parameter("mu", lower=0.0))
    report = discover(chemostat(0.01), replace(OPTIONS, ansatz=CHEMOSTAT, parameters=parameters))
    mine = next(c for c in report.candidates if c.found_by == "ansatz")
    bound = next(c for c in mine.constants if c.parameter == "K")
    assert (bound.value, bound.std_error) == (0.36, None)
    assert any(w.code == "CONSTANT_AT_BOUND" and w.message.startswith("K ") for w in report.warnings)


def test_an_ansatz_that_cannot_be_followed_stands_last_with_a_warning() -> None:
    made = motion(lambda t, z: [z[1], -z[0]], [[1.0, 0.1], [0.5, -1.0]], T, ["x", "y"], noise=0.01)
    report = discover(made, replace(OPTIONS, ansatz="x: 20*x**3 + a; y: b*x", budget_seconds=3))
    assert "ANSATZ_NOT_FOLLOWED" in [w.code for w in report.warnings]


def test_columns_whose_names_are_no_identifiers() -> None:
    made = motion(lambda t, x: [-0.5 * x[0]], [[3.0]], T, ["x"])
    column = Column("my level", made.column("x").values)
    renamed = Trajectories((made.columns[0], column), "t", ("my level",))
    best = discover(renamed, replace(OPTIONS, ansatz="my level: -k*my_level")).candidates[0]
    assert values(best.equations["my_level"], my_level=2.0) == pytest.approx(-1.0, rel=1e-6)
