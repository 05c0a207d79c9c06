"""Whether success emerges: verdicts on each series and on all together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery import Column, Curves, EmergenceVerdict
from ansatz.discovery.curves.emergence import emergence
from ansatz.discovery.curves.prepare import prepare

N = np.geomspace(3e7, 3e10, 25)


def verdicts(bends: dict[str, float], rows: NDArray[np.float64] = N, trials: int = 5000) -> dict[str, EmergenceVerdict]:
    """Of tasks whose log(−log y) bends by so much against log(N)."""
    rng = np.random.default_rng(0)
    x = np.log(rows / 1e9)
    y = [rng.binomial(trials, np.exp(-np.exp(0.2 - 0.25 * x + bend * x**2))) / trials for bend in bends.values()]
    columns = {"N": np.tile(rows, len(bends)), "share": np.concatenate(y), "n": np.full(rows.size * len(bends), trials)}
    made = tuple(Column(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items())
    runs = tuple(task for task in bends for _ in rows) if len(bends) > 1 else ()
    found = emergence(prepare(Curves(made, "share", inputs=("N",), trials="n", runs=runs)))
    return {verdict.series: verdict for verdict in found}


def test_each_series_has_its_verdict_and_all_have_one() -> None:
    found = verdicts({"copy": 0.0, "sums": -0.03, "trick": 0.03})
    assert {name: str(v.kind) for name, v in found.items() if name} == {
        "copy": "linear", "sums": "concave", "trick": "convex",
    }  # fmt: skip
    for name, bend in {"copy": 0.0, "sums": -0.03, "trick": 0.03}.items():
        assert found[name].lower < found[name].bend < found[name].upper
        assert abs(found[name].bend - bend) < 0.004
        assert found[name].column == "N"
    assert found["sums"].p_value < 0.01


def test_what_no_series_shows_alone_all_may_show_together() -> None:
    tasks = {f"task {i}": -0.008 for i in range(12)}
    found = verdicts(tasks, trials=200)
    assert found[""].kind == "concave"
    assert found[""].upper < 0
    assert sum(found[task].kind == "concave" for task in tasks) < 6
    narrow = found[""].upper - found[""].lower
    assert all(narrow < v.upper - v.lower for name, v in found.items() if name)


def test_one_series_has_one_verdict() -> None:
    assert list(verdicts({"all": 0.0})) == [""]


def test_size_and_data_at_once() -> None:
    rng = np.random.default_rng(1)
    n, d = 10 ** rng.uniform(7, 10, 120), 10 ** rng.uniform(9, 12, 120)
    x = np.log(n / 1e9)
    share = rng.binomial(5000, np.exp(-np.exp(-0.2 * x - 0.03 * x**2 - 0.1 * np.log(d / 1e10)))) / 5000
    made = tuple(Column(k, np.asarray(v, dtype=np.float64)) for k, v in {"N": n, "D": d, "acc": share}.items())
    (verdict,) = emergence(prepare(Curves(made, "acc")))
    assert verdict.column == "N"
    assert verdict.kind == "concave"


def test_a_loss_between_zero_and_one_emerges_nowhere() -> None:
    made = (Column("N", N), Column("loss", 0.1 + 0.5 * (N / 3e7) ** -0.3))
    assert emergence(prepare(Curves(made, "loss"))) == ()


def test_too_few_rows_have_no_verdict() -> None:
    assert verdicts({"all": 0.0}, N[:5]) == {}
