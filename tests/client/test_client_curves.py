"""Curves through a real server: what goes in, what comes back, what is refused."""

from __future__ import annotations

import math

import pytest

from ansatz.client import Client, FailedPrecondition, InvalidRequest, JobState, NotFound

STEPS = [float(round(10 * 1.25**i)) for i in range(40)]
LOSSES = [2.0 + 8.0 * s**-0.5 * (1 + 0.002 * math.sin(97 * i)) for i, s in enumerate(STEPS)]
CURVE = {"step": STEPS, "loss": LOSSES}


def test_a_law_and_what_it_means(client: Client) -> None:
    job = client.submit_curves(CURVE, "loss", budget=20.0)
    report = job.result()
    assert report.state is JobState.SUCCEEDED
    assert report.best is not None
    law = report.best.law
    assert law is not None
    assert law.name == "power_floor"
    assert law.columns == {"x": "step"}
    known = {c.name: c for c in law.constants}
    assert known["L0"].value == pytest.approx(2.0, rel=0.01)
    assert report.curves is not None
    assert report.curves.limit == known["L0"]
    assert report.curves.held_out_rows == 8
    told = job.predict([{"step": 1e6}], targets=[2.1], probability=0.9)
    assert told.probability == 0.9
    assert told.predictions[0].law.value == pytest.approx(2.008, rel=0.01)
    assert told.predictions[0].extrapolates
    assert told.reaches[0].at.value == pytest.approx(6400, rel=0.1)
    with pytest.raises(InvalidRequest, match="lacks step"):
        job.predict([{"tokens": 1.0}])
    with pytest.raises(InvalidRequest, match="no N"):
        job.predict(budgets=[1e20])
    with pytest.raises(InvalidRequest, match="rank"):
        job.predict([{"step": 1e6}], rank=99)


def test_predictions_are_for_curves_and_for_ends(client: Client) -> None:
    table = client.submit(STEPS, LOSSES, engine="none", budget=5.0)
    table.result()
    with pytest.raises(InvalidRequest, match="jobs on curves"):
        table.predict([{"x0": 1.0}])
    running = client.submit_curves(CURVE, "loss", budget=30.0)
    with pytest.raises(FailedPrecondition):
        running.predict([{"step": 1e6}])
    running.delete()


def test_what_is_refused(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="at least 5"):
        client.submit_curves({"step": [1, 2, 3], "loss": [3, 2, 1]}, "loss")
    with pytest.raises(InvalidRequest, match="'step' has 1"):
        client.submit_curves({"step": [1.0] * 6, "loss": LOSSES[:6]}, "loss")
    with pytest.raises(InvalidRequest, match="give one of auto"):
        client.submit_curves(CURVE, "loss", scale="logarithmic")
    with pytest.raises(InvalidRequest, match="is no column"):
        client.submit_curves(CURVE, "loss", run="name")


def test_a_picture_of_curves(client: Client) -> None:
    job = client.submit_curves(CURVE, "loss", budget=20.0)
    job.result()
    assert b"<svg" in job.plot()
    assert job.plot(rank=2, format="png").startswith(b"\x89PNG")
    with pytest.raises(NotFound, match="none of rank 99"):
        job.plot(rank=99)


@pytest.mark.slow
def test_constants_by_run_have_a_picture_but_no_predictions(client: Client) -> None:
    runs = ["a"] * 40 + ["b"] * 40
    data = {"step": STEPS * 2, "run": runs, "loss": [*LOSSES, *(loss + 1 for loss in LOSSES)]}
    job = client.submit_curves(data, "loss", run="run", per_run=True, budget=20.0)
    job.result()
    assert b"<svg" in job.plot()
    with pytest.raises(InvalidRequest, match="by run"):
        job.predict([{"step": 1e6}])


def test_emergence_of_tasks(client: Client) -> None:
    sizes = [10 ** (7 + 0.25 * i) for i in range(14)]
    bends = {"copy": 0.0, "sums": -0.05}
    shares = [
        math.exp(-math.exp(-0.25 * math.log(n / 1e9) + bend * math.log(n / 1e9) ** 2) * (1 + 0.01 * math.sin(97 * i)))
        for bend in bends.values()
        for i, n in enumerate(sizes)
    ]
    data = {"N": sizes * 2, "task": ["copy"] * 14 + ["sums"] * 14, "share": shares}
    found = client.discover_curves(data, "share", run="task", budget=20.0).curves
    assert found is not None
    joint, copy, sums = found.emergence_verdicts
    assert (joint.series, copy.series, sums.series) == (None, "copy", "sums")
    assert (copy.kind, sums.kind) == ("linear", "concave")
    assert sums.lower < sums.bend < sums.upper < 0
    assert (found.emergence, found.emergence_p_value) == (joint.kind, joint.p_value)
