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
        (("discover", "DATA", "--target", "loss", "--trials", "n"), "--trials: is for curves"),
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
