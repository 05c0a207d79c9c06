"""Observed motion on the command line: equations, pictures, held-out runs, and what is refused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Refusal, Run

Result = Callable[..., tuple[int, dict[str, Any]]]
QUICK = ("--budget", "30", "--engine", "none")


def cooling(rate: float, start: float) -> list[tuple[float, float]]:
    return [(0.25 * i, 20 + (start - 20) * math.exp(-rate * 0.25 * i)) for i in range(30)]


@pytest.fixture
def cups(tmp_path: Path) -> Path:
    rows = [f"{cup},{t},{x!r}" for cup, start in (("red", 90.0), ("blue", 65.0)) for t, x in cooling(0.4, start)]
    rows[7] = "red,1.75,"  # a missing sample
    path = tmp_path / "cups.csv"
    path.write_text("\n".join(["cup,t,T", *rows]) + "\n")
    return path


def test_a_motion_gives_equations(result: Result, cups: Path, served: str, tmp_path: Path) -> None:
    further = tmp_path / "further.csv"
    further.write_text("\n".join(["cup,t,T", *(f"green,{t},{x!r}" for t, x in cooling(0.4, 40.0))]) + "\n")
    picture = tmp_path / "cups.svg"
    status, found = result(
        "discover", cups, "--states", "T", "--time", "t", "--group", "cup", "--holdout", further, "--plot", picture,
        "--server", served, *QUICK,
    )  # fmt: skip
    assert status == 0
    best = found["candidates"][0]
    assert (best["rank"], best["formula"]) == (1, "")
    assert set(best["equations"]) == {"T"}
    law = eval(best["equations"]["T"], {"T": 50.0})
    assert law == pytest.approx(-0.4 * 30, rel=1e-6)
    assert best["motion"]["states"]["T"]["rollout_r2"] > 0.9999
    assert best["motion"]["diverges"] is False
    assert best["motion"]["order"] == 1
    assert picture.read_text().startswith("<?xml")


def test_progress_shows_equations(ansatz: Run, cups: Path, served: str) -> None:
    told = ansatz("discover", cups, "--states", "T", "--time", "t", "--group", "cup", "--server", served, *QUICK).stderr
    assert "best so far: dT/dt = " in told


def test_an_ansatz_of_a_motion(result: Result, cups: Path, served: str) -> None:
    status, found = result(
        "discover", cups, "--states", "T", "--time", "t", "--group", "cup", "--ansatz", "T: -k*(T - room)",
        "--start", "room=18", "--server", served, *QUICK,
    )  # fmt: skip
    assert status == 0
    best = found["candidates"][0]
    assert {c["parameter"]: c["value"] for c in best["constants"] if c["parameter"]}["k"] == pytest.approx(
        0.4, rel=1e-6
    )
    assert found["refinement"][0]["state"] == "T"
    assert found["refinement"][0]["added"] is None


def test_noise_as_the_driver_of_a_motion(result: Result, served: str, tmp_path: Path) -> None:
    rng = random.Random(1)
    x, rows = 1.0, []
    for k in range(240):
        rows.append(f"{0.25 * k},{x!r}")
        x += (1 - math.exp(-0.25)) * (2.0 - x) + 0.2 * rng.gauss(0, 1)
    path = tmp_path / "level.csv"
    path.write_text("\n".join(["t,level", *rows]) + "\n")
    status, found = result(
        "discover", path, "--states", "level", "--time", "t", "--stochastic", "--server", served, *QUICK
    )  # fmt: skip
    assert status == 0
    assert found["candidates"][0]["motion"]["diffusion"].keys() == {"level"}
    (reversion,) = found["drift"]["reversions"]
    assert reversion["rate"]["lower"] < 1.0 < reversion["rate"]["upper"]
    assert reversion["half_life"]["lower"] < math.log(2) < reversion["half_life"]["upper"]


@pytest.fixture
def refused(refusal: Refusal) -> Any:
    def run(*arguments: object) -> tuple[list[str], str]:
        violations, message = refusal("discover", *arguments)
        return [violation["field"] for violation in violations], message

    return run


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--states", "T"), "--time"),
        (("--states", "U", "--time", "t"), "trajectories.states"),
        (("--states", "T", "--time", "t", "--group", "mug"), "--group"),
        (("--states", "T", "--time", "t", "--target", "T"), "--target"),
        (("--target", "T", "--time", "t"), "--time"),
        (("--kind", "trajectory", "--time", "t"), "--states"),
        (("--states", "T", "--time", "t", "--plot", "cups.pdf"), "--plot"),
    ],
)
def test_flags_that_cannot_be_used(refused: Any, cups: Path, arguments: tuple[str, ...], field: str) -> None:
    assert refused(cups, *arguments)[0] == [field]


def test_unsorted_times_are_refused_by_run_and_row(refused: Any, cups: Path, served: str) -> None:
    cups.write_text(cups.read_text().replace("blue,0.5,", "blue,0.1,"))
    fields, message = refused(cups, "--states", "T", "--time", "t", "--group", "cup", "--server", served)
    assert fields == ["trajectories.columns['t']"]
    assert "run 'blue', row 33" in message
    assert "sort each run" in message


def test_a_table_has_a_picture_too(result: Result, planets: Path, served: str, tmp_path: Path) -> None:
    picture = tmp_path / "orbits.png"
    status, _ = result("discover", planets, "--target", "period", "--plot", picture, "--server", served, *QUICK)
    assert status == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
