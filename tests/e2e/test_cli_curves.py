"""Curves on the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Result = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("curves") / "loss.txt"
    steps = [round(10 * 1.25**i) for i in range(40)]
    path.write_text("".join(f"{s},{2 + 8 * s**-0.5 * (1 + 0.002 * (-1) ** (i // 3))}\n" for i, s in enumerate(steps)))
    return path


def test_discover_a_curve(result: Result, plain: Path, served: str) -> None:
    status, found = result("discover", plain, "--kind", "curve", "--target", "loss", "--server", served)
    assert status == 0
    continued = result("jobs", "continue", found["job"], plain, "--server", served)[1]
    assert "is about curves" in continued["error"]["message"]
    best = found["candidates"][0]
    assert best["law"]["name"] == "power_floor"
    assert [c["name"] for c in best["law"]["constants"]] == ["L0", "x0", "alpha"]
    assert found["curves"]["limit"]["name"] == "L0"
    assert found["curves"]["straight"] == "log(loss - L0) against log(step)"


def test_predict_for_people_and_for_scripts(ansatz: Run, result: Result, plain: Path, served: str) -> None:
    asked = ("--at", "step=1e6", "--reach", "2.1", "--server", served)
    status, found = result("predict", plain, "--target", "loss", *asked)
    assert status == 0
    assert found["predictions"][0]["law"]["value"] == pytest.approx(2.008, rel=0.01)
    assert found["reaches"][0]["axis"] == "step"
    done = ansatz("predict", plain, "--target", "loss", *asked)
    assert done.returncode == 0
    assert "at step = 1e+06: 2.0" in done.stdout


@pytest.mark.parametrize("name", ["loss.svg", "loss.png"])
def test_a_picture_beside_the_answer(result: Result, plain: Path, served: str, tmp_path: Path, name: str) -> None:
    picture = tmp_path / name
    status, _ = result(
        "discover", plain, "--kind", "curve", "--target", "loss", "--plot", picture, "--server", served
    )  # fmt: skip
    assert status == 0
    assert picture.read_bytes().startswith(b"<?xml" if name.endswith("svg") else b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("discover", "DATA", "--target", "loss", "--trials", "n"), "--trials: is for curves and for --noise binomial"),
        (("discover", "DATA", "--target", "loss", "--kind", "curve", "--weights", "w"), "--weights: is for tables"),
        (("predict", "DATA", "--target", "loss", "--at", "step"), "--at[0]: has 'step'"),
        (("predict", "--target", "loss"), "data: is not given"),
        (("predict", "--job", "a"), "--job: is a job of a server"),
    ],
)
def test_what_is_refused(ansatz: Run, plain: Path, arguments: tuple[str, ...], said: str) -> None:
    done = ansatz(*(plain if a == "DATA" else a for a in arguments))
    assert done.returncode == 2
    assert said in done.stderr


ROWS = [(n, 1e9 * n**0.1, 2 + 400 / n**0.34) for n in (1e6, 3e6, 1e7, 3e7, 1e8, 3e8)]


def table(path: Path, rows: list[tuple[float, float, float]]) -> Path:
    path.write_text("N,D,loss\n" + "".join(f"{n:g},{d:g},{loss:g}\n" for n, d, loss in rows))
    return path


@pytest.mark.parametrize(
    ("rows", "flags", "said"),
    [
        (ROWS[:3], (), "hold 3 rows; give at least 5"),
        ([(1e6, 1e9, 3 - 0.1 * i) for i in range(8)], (), "add runs of other sizes"),
        ([(n, d, loss - 4) for n, d, loss in ROWS], ("--scale", "log"), "a law on a log scale needs values > 0"),
        (ROWS, ("--group", "N", "--per-group", "all"), "no run of 5 rows"),
    ],
)
def test_bad_curves_are_refused_with_what_to_do(
    tmp_path: Path, request: pytest.FixtureRequest, rows: Any, flags: tuple[str, ...], said: str
) -> None:
    ansatz, served = request.getfixturevalue("ansatz"), request.getfixturevalue("served")
    data = table(tmp_path / "runs.csv", rows)
    done = ansatz("discover", data, "--target", "loss", "--kind", "curve", *flags, "--server", served)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.slow
def test_one_run_says_nothing_of_sizes(ansatz: Run, result: Result, tmp_path: Path, served: str) -> None:
    run = [(1e6, 1e9 * 1.5**i, 2 + 4 * 1.5 ** (-0.3 * i) * (1 + 0.003 * (-1) ** (i // 2))) for i in range(24)]
    data = table(tmp_path / "run.csv", run)
    status, found = result("discover", data, "--target", "loss", "--kind", "curve", "--server", served)
    assert status == 0
    (told,) = [w["message"] for w in found["warnings"] if w["code"] == "CONSTANT_COLUMN"]
    assert "'N' is 1e+06 in every row" in told
    assert found["candidates"][0]["law"]["columns"] == {"x": "D"}
    done = ansatz("predict", data, "--target", "loss", "--compute", "1e20", "--server", served)
    assert done.returncode == 2
    assert "need a law of size N and data D; this one has no N" in done.stderr


def test_where_to_measure_is_told_where_laws_are_not_told_apart(result: Result, ansatz: Run, served: str) -> None:
    data = Path(__file__).parents[2] / "examples" / "scaling" / "redpajama.csv"
    asked = ("discover", data, "--target", "loss", "--kind", "curve", "--server", served)
    status, found = result(*asked)
    assert status == 0
    (measure,) = found["curves"]["measurements"][:1]
    assert measure["column"] in ("params", "tokens")
    (told,) = [w["message"] for w in found["warnings"] if w["code"] == "INDISTINGUISHABLE_HERE"]
    assert measure["rival"] in told
    assert f"Measure at {measure['column']} ≥ {measure['value']:.3g}" in told
