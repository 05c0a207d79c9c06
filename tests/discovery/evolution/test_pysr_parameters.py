"""What is asked of PySR exists in the versions that are supported; what it answers is put in words."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS
from ansatz.discovery.search.evolution.parameters import regressor_parameters, safe_names
from ansatz.discovery.search.evolution.pysr_errors import explain

RECORDED = Path(__file__).parent / "recorded"


def parameters(**changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "functions": frozenset(DEFAULT_FUNCTIONS), "max_complexity": 40, "seconds": 20.0, "seed": 3,
        "directory": Path("/somewhere"), "run": "run1", "version": (2, 7), "guesses": ["x0 + 1.0"],
        "deterministic": True,
    }  # fmt: skip
    return regressor_parameters(**{**asked, **changes})


def installed_source(file: str) -> ast.Module:
    spec = importlib.util.find_spec("pysr")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("pysr is not installed")
    return ast.parse((Path(spec.submodule_search_locations[0]) / file).read_text(encoding="utf-8"))


def test_every_parameter_exists_in_the_installed_pysr() -> None:
    (regressor,) = [
        n for n in installed_source("sr.py").body if isinstance(n, ast.ClassDef) and n.name == "PySRRegressor"
    ]
    (init,) = [n for n in regressor.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    known = {a.arg for a in (*init.args.args, *init.args.kwonlyargs)}
    assert set(parameters()) <= known


def test_every_parameter_exists_in_1_5_10() -> None:
    known = set(json.loads((RECORDED / "parameters_1.5.10.json").read_text()))
    assert set(parameters(version=(1, 5))) <= known
    assert "guesses" not in known


def test_every_operator_is_one_that_pysr_can_name() -> None:
    (mappings,) = [
        n.value
        for n in installed_source("export_sympy.py").body
        if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "sympy_mappings"
    ]
    assert isinstance(mappings, ast.Dict)
    known = {k.value for k in mappings.keys if isinstance(k, ast.Constant)}
    asked = parameters(functions=frozenset({*DEFAULT_FUNCTIONS, "sign", "min", "max"}))
    assert set(asked["unary_operators"]) <= known
    assert set(asked["binary_operators"]) - {"+", "-", "*", "/"} <= known


def test_no_operator_is_both_unary_and_binary() -> None:
    asked = parameters(functions=frozenset({*DEFAULT_FUNCTIONS, "sign", "min", "max"}))
    assert not set(asked["unary_operators"]) & set(asked["binary_operators"])


@pytest.mark.parametrize(("wanted", "given"), [(1, 7), (7, 7), (25, 25), (100, 30)])
def test_size_stays_within_what_pysr_takes(wanted: int, given: int) -> None:
    assert parameters(max_complexity=wanted)["maxsize"] == given


def test_a_deterministic_search_is_serial_seeded_and_counted() -> None:
    asked = parameters()
    assert asked["deterministic"] is True
    assert asked["parallelism"] == "serial"
    assert asked["random_state"] == 3
    assert asked["niterations"] < parameters(deterministic=False)["niterations"]


def test_columns_get_safe_names() -> None:
    assert safe_names(3) == ("x0", "x1", "x2")


def test_recorded_errors_are_put_in_one_sentence_without_a_stack() -> None:
    errors = json.loads((RECORDED / "errors.json").read_text())
    said = {case: explain(error["type"], error["text"]) for case, error in errors.items()}
    assert said["unknown_unary"] == "PySR knows no operator foobar"
    assert said["operator_in_both"] == "an operator was given both as unary and as binary"
    assert said["guess_unknown_function"] == "a guess uses sinh, which is not among the operators of the search"
    assert said["variable_name_reserved"] == "PySR refuses the column name I; rename the column"
    assert said["length_mismatch"] == "100 rows meet 99; give as many of each"
    assert all(text and "\n" not in text and "Stacktrace" not in text and len(text) < 350 for text in said.values())
