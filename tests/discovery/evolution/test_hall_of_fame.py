"""PySR's hall of fame, recorded from real runs, read as formulas."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery.errors import InvalidInputError
from ansatz.discovery.expression import constants, evaluate, to_text
from ansatz.discovery.search.evolution import hall_of_fame

RECORDED = Path(__file__).parent / "recorded"
FIVE = [f"x{j}" for j in range(5)]


def recorded(name: str) -> tuple[hall_of_fame.Equation, ...]:
    return hall_of_fame.rows((RECORDED / f"{name}.csv").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("example_det", FIVE),
        ("noisy", FIVE),
        ("timeout5", FIVE),
        ("precision64", FIVE),
        ("pysr2_readme_det", FIVE),
        ("hall_of_fame_output1", FIVE),
        ("hall_of_fame_output2", FIVE),
        ("pandas_names", ["alpha", "beta_1", "width", "delta_T", "eps"]),
    ],
)
def test_every_recorded_equation_is_a_formula(case: str, names: list[str]) -> None:
    equations = recorded(case)
    formulas = [hall_of_fame.formula(e.text, names) for e in equations]
    assert len(formulas) == len((RECORDED / f"{case}.csv").read_text().splitlines()) - 1
    assert [e.complexity for e in equations] == sorted({e.complexity for e in equations})


def test_the_best_recorded_equation_is_the_law() -> None:
    equations = recorded("hall_of_fame_output1")
    assert all(a.loss > b.loss for a, b in itertools.pairwise(equations))
    columns = {f"x{j}": np.linspace(-2, 2 + j, 50) for j in range(5)}
    law = 2.5382 * np.cos(columns["x3"]) + columns["x0"] ** 2 - 0.5
    np.testing.assert_allclose(evaluate(hall_of_fame.formula(equations[-1].text, FIVE), columns, 50), law, atol=1e-6)


@pytest.mark.parametrize(
    ("equation", "formula"),
    [
        ("square(x0 + 1.5) * x1", "(x0 + 1.5)**2*x1"),
        ("cube(square(x0))", "((x0)**2)**3"),
        ("inv(x0) - neg(x1)", "1/x0 - (-x1)"),
        ("(x0 ^ 2.5) ^ -1.5", "(x0**2.5)**-1.5"),
        ("-2.0 ^ x0", "(-2.0)**x0"),
        ("x1 + (-2.5e-3 ^ x0)", "x1 + (-2.5e-3)**x0"),
        ("x0 - -1.02", "x0 - -1.02"),
        ("max(x0, -1.5 ^ x1)", "max(x0, (-1.5)**x1)"),
        ("1.5f-5 * x0", "1.5e-5*x0"),
        ("abs(x0) / sqrt(inv(x1))", "abs(x0)/sqrt(1/x1)"),
    ],
)
def test_spellings_of_pysr(equation: str, formula: str) -> None:
    from ansatz.discovery.expression import parse

    assert hall_of_fame.formula(equation, ["x0", "x1"]) == parse(formula, ["x0", "x1"])


@pytest.mark.parametrize("equation", ["x0 + Inf", "NaN", "__import__('os')", "square(x0", "x9"])
def test_what_is_no_formula_is_refused(equation: str) -> None:
    with pytest.raises(InvalidInputError):
        hall_of_fame.formula(equation, ["x0"])


def test_templates_come_apart() -> None:
    parts = [hall_of_fame.template(e.text) for e in recorded("template")]
    assert [to_text(p.functions["g"]) for p in parts[1:3]] == ["cos(slot1)", "1.0639249"]
    assert all(set(p.functions) == {"f", "g"} and not p.parameters for p in parts)


def test_template_parameters_are_numbers() -> None:
    best = hall_of_fame.template(recorded("template_params")[4].text)
    assert best.parameters == {"p": (0.99999994, -2.0, 0.5)}
    assert to_text(best.functions["f"]) == "slot3*cos(slot1) + slot2"
    assert constants(best.functions["f"]) == ()


def test_a_template_part_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no name"):
        hall_of_fame.template("f = #1; 2.0")


def test_no_file_means_no_equations(tmp_path: Path) -> None:
    assert hall_of_fame.read(tmp_path) == ()


def test_at_every_moment_of_writing_one_file_is_whole(tmp_path: Path) -> None:
    """PySR writes the copy first, then the file itself: whatever has been written, all equations can be read."""
    text = (RECORDED / "example_det.csv").read_text()
    older = text[: text.index("\n", 60) + 1]
    target, copy = tmp_path / "hall_of_fame.csv", tmp_path / "hall_of_fame.csv.bak"
    for cut in range(0, len(text), 7):
        target.write_text(older)
        copy.write_text(text[:cut])
        assert hall_of_fame.read(tmp_path) == hall_of_fame.rows(older)
        target.write_text(text[:cut])
        copy.write_text(text)
        assert hall_of_fame.read(tmp_path) in (recorded("example_det"), *_whole_prefixes(text))


def _whole_prefixes(text: str) -> list[tuple[hall_of_fame.Equation, ...]]:
    lines = text.splitlines(keepends=True)
    return [hall_of_fame.rows("".join(lines[:n])) for n in range(1, len(lines))]


def test_several_targets_have_a_file_each(tmp_path: Path) -> None:
    for output in (1, 2):
        name = f"hall_of_fame_output{output}.csv"
        (tmp_path / name).write_text((RECORDED / name).read_text())
    assert hall_of_fame.read(tmp_path, output=2)[1].text == "x1 * x2"
    assert hall_of_fame.read(tmp_path, output=1)[-1].complexity == 10
