"""Unknown parts of an ansatz: f, g and h found inside a given outer form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ansatz.discovery import (
    Candidate,
    Column,
    Engine,
    InvalidInputError,
    Options,
    Parameter,
    Report,
    Table,
    discover,
    evaluate_formula,
    validate,
)
from ansatz.discovery.expression import evaluate, parse, to_text, variables


def table(target: np.ndarray, **inputs: np.ndarray) -> Table:
    return Table(tuple(Column(n, np.asarray(v, dtype=np.float64)) for n, v in {**inputs, "y": target}.items()), "y")


def found(data: Table, ansatz: str, functions: tuple[str, ...] = Options().functions, seconds: float = 60) -> Report:
    return discover(data, Options(functions, Engine.NONE, seconds, ansatz=ansatz))


def parts(candidate: Candidate) -> Mapping[str, str]:
    return {name: to_text(formula) for name, formula in candidate.parts.items()}


def same(candidate: Candidate, **texts: str) -> bool:
    """Whether the parts are these functions, however they are written."""
    points = np.random.default_rng(0).uniform(1, 2, (3, 20))
    assert set(candidate.parts) == set(texts)
    for name, text in texts.items():
        names = variables(candidate.parts[name])
        columns = dict(zip(names, points, strict=False))
        found, meant = (evaluate(f, columns, 20) for f in (candidate.parts[name], parse(text, names)))
        if not np.allclose(found, meant, rtol=1e-9):
            return False
    return True


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


def _uniform(seed: int, *ranges: tuple[float, float], rows: int = 150) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(low, high, rows) for low, high in ranges]


def test_the_unknown_friction_of_a_pendulum_and_its_free_constant_are_found() -> None:
    m, q, w = _uniform(1, (0.5, 2), (-2, 2), (-3, 3))
    report = found(table(m * 9.81 * np.sin(q) + 0.7 * w + 0.25 * w**3, m=m, q=q, w=w), "m*g*sin(q) + f(w)")
    best = report.candidates[0]
    assert best.scores.relative_error < 1e-14
    assert same(best, f="0.25*w**3 + 0.7*w")
    assert best.constants[0].parameter == "g"
    assert best.constants[0].value == pytest.approx(9.81, rel=1e-12)
    assert report.receipt.reproducible


def test_a_part_within_a_function_is_found_with_noise() -> None:
    x, z = _uniform(2, (0.5, 4), (1, 3), rows=80)
    clean = np.exp(1.3 * np.sqrt(x) - 0.4) * z
    noisy = clean + np.random.default_rng(2).normal(0, 0.01 * clean.std(), clean.size)
    report = found(table(noisy, x=x, z=z), "exp(f(x))*z", functions=("exp", "sqrt"), seconds=6)
    best = report.candidates[0]
    slope, offset = best.constants
    assert to_text(best.parts["f"]).replace(repr(slope.value), "a").replace(repr(offset.value), "b") == "a*sqrt(x) - b"
    assert slope.std_error is not None
    assert abs(slope.value - 1.3) < 4 * slope.std_error


def test_a_period_measured_as_a_function_of_the_law_is_inverted() -> None:
    mass, k = _uniform(3, (0.5, 4), (1, 9))
    best = found(table(2 * np.pi * np.sqrt(mass / k), mass=mass, k=k), "2*pi/f(mass, k)").candidates[0]
    assert parts(best) == {"f": "sqrt(k/mass)"}
    assert best.text == "2*3.141592653589793/sqrt(k/mass)"
    assert [(c.value, c.std_error) for c in best.constants] == [(np.pi, 0.0)]


def test_a_ratio_gives_the_law_up_to_a_factor_and_says_so() -> None:
    a, b = _uniform(4, (0.5, 4), (1, 3))
    report = found(table((a**2 + 3) / (b**2 + 3), a=a, b=b), "f(a)/f(b)")
    assert same(report.candidates[0], f="a**2 + 3")
    assert "GAUGE_FREEDOM" in codes(report)


def test_constants_of_a_part_are_the_same_wherever_it_is_called() -> None:
    a, b = _uniform(4, (0.5, 4), (1, 3), rows=60)
    clean = (a**2 + 3.2) / (b**2 + 3.2)
    data = table(clean + np.random.default_rng(0).normal(0, 0.01, a.size), a=a, b=b)
    report = found(data, "f(a)/f(b)", functions=(), seconds=4)
    first, second = report.candidates[0].constants
    assert first == second
    assert first.value == pytest.approx(3.2, rel=0.03)


def test_a_law_applied_twice_is_found() -> None:
    (x,) = _uniform(5, (0.5, 4))
    once = 1.5 * x**0.7 + 0.3
    best = found(table(1.5 * once**0.7 + 0.3, x=x), "f(f(x))").candidates[0]
    assert same(best, f="1.5*x**0.7 + 0.3")


def test_a_law_under_an_integral_over_a_window_is_found() -> None:
    a, width = _uniform(6, (0, 2), (0.5, 2))
    b = a + width
    y = 0.6 * (b**3 - a**3) / 3 + 1.2 * (b - a)
    best = found(table(y, a=a, b=b), "integral(f(t), t, a, b)", functions=("exp", "sin")).candidates[0]
    assert best.scores.relative_error < 1e-13
    assert same(best, f="0.6*t**2 + 1.2")
    assert best.text == f"integral({parts(best)['f']}, t, a, b)"
    np.testing.assert_allclose(eval(best.python, {"np": np, "a": a, "b": b}), y, rtol=1e-12)
    assert "int_{a}^{b}" in best.latex


def test_two_parts_that_are_added_are_told_apart() -> None:
    x, z = _uniform(7, (0.5, 4), (1, 3))
    report = found(table(1.7 * np.sin(x) + z**2.5, x=x, z=z), "f(x) + g(z)")
    assert same(report.candidates[0], f="1.7*sin(x)", g="z**2.5")
    assert "GAUGE_FREEDOM" in codes(report)


def test_a_part_of_either_sign_under_a_square_is_found() -> None:
    x, z = _uniform(8, (0.5, 4), (1, 3))
    best = found(table((x**2 - 1.7) ** 2 + z, x=x, z=z), "f(x)**2 + z").candidates[0]
    assert same(best, f="x**2 - 1.7") or same(best, f="1.7 - x**2")


def test_arguments_may_be_expressions() -> None:
    x, z = _uniform(9, (0.5, 4), (1, 3))
    best = found(table(np.sqrt(x * z) + 0.2 * (x + z) ** 2, x=x, z=z), "f(x*z) + g(x + z)").candidates[0]
    assert parts(best) == {"f": "sqrt(u1)", "g": "0.2*u1**2"}
    assert best.text == "sqrt(x*z) + 0.2*(x + z)**2"


def test_a_part_that_the_data_do_not_need_is_a_constant() -> None:
    x, z = _uniform(10, (0.5, 4), (1, 3), rows=40)
    y = z + 2.5 + np.random.default_rng(1).normal(0, 0.1, x.size)
    report = found(table(y, x=x, z=z), "z + f(x)", functions=(), seconds=4)
    assert "NOTHING_BEATS_BASELINE" in codes(report)


def test_a_form_that_is_nowhere_finite_is_said_to_be_so() -> None:
    x, z = _uniform(11, (0.5, 4), (1, 3), rows=30)
    report = found(table(z, x=x, z=z), "log(-1 - f(x)**2)", functions=("log",))
    assert "FORM_NOT_FITTED" in codes(report)
    assert report.candidates[0].parts == {}


@pytest.mark.parametrize(
    ("ansatz", "said"),
    [
        ("f(x) + f(x, z)", "1 and 2 arguments"),
        ("h(x) + 1", "also a column; call the unknown part f"),
        ("f*f(x)", "also a free constant"),
        ("f(k*x)", "which holds k"),
        ("f(2)", "holds no column"),
        ("f()", "character"),
        ("f(x, x, x, x, x, x, x, x, x)", "9 arguments"),
        ("f(f(f(f(x))))", "4 deep"),
        ("F(x)", "'F'"),
        ("integral(f(t), t, x)", "','"),
        ("integral(f(x), x, 0, 1)", "which is a column"),
        ("integral(integral(f(t), t, 0, s), s, 0, x)", "integral within an integral"),
        ("integral(f(t), 2*t, 0, x)", "without its variable"),
        ("f(x).real", "'.'"),
        ("f.__class__", "'.'"),
        ("f(lambda: x)", "':'"),
        ("f(" * 200 + "x" + ")" * 200, "nested"),
        ("f(x)**1e9", "exponent"),
    ],
)
def test_a_wrong_or_hostile_ansatz_is_refused_with_its_place(ansatz: str, said: str) -> None:
    x, z, h = _uniform(0, (1, 2), (1, 2), (1, 2), rows=10)
    with pytest.raises(InvalidInputError) as caught:
        validate(table(x, x=x, z=z, h=h), Options(engine=Engine.NONE, ansatz=ansatz))
    assert {v.field for v in caught.value.violations} == {"options.ansatz"}
    assert said in " ".join(v.description for v in caught.value.violations)


def test_bounds_beside_unknown_parts_are_refused() -> None:
    x, z = _uniform(0, (1, 2), (1, 2), rows=10)
    options = Options(engine=Engine.NONE, ansatz="k*z + f(x)", parameters=(Parameter("k", lower=0.0),))
    with pytest.raises(InvalidInputError, match="bounds 'k'"):
        validate(table(x, x=x, z=z), options)


def test_unknown_parts_stand_in_no_other_formula() -> None:
    x, z = _uniform(0, (1, 2), (1, 2), rows=10)
    with pytest.raises(InvalidInputError, match="calls 'f'"):
        evaluate_formula(table(x, x=x, z=z), "f(x)", refit=False)


def test_an_integral_may_be_evaluated_and_refitted() -> None:
    a, width = _uniform(6, (0, 2), (0.5, 2), rows=40)
    b = a + width
    data = table(0.3 * (b**3.5 - a**3.5) / 3.5, a=a, b=b)
    result = evaluate_formula(data, "integral(0.25*t**2.4, t, a, b)", refit=True)
    assert [c.value for c in result.candidate.constants] == pytest.approx([0.3, 2.5], rel=1e-6)
