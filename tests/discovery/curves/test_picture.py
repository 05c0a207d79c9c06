"""Pictures of laws of curves: what is drawn of the data and of the law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ansatz.discovery import ChosenLaw, Column, Curves, Options, Report, discover
from ansatz.discovery.pictures.curve_picture import Mark, Picture, picture
from ansatz.discovery.pictures.curve_plots import plot_curves
from ansatz.discovery.pictures.plots import ImageFormat


def drawn(columns: dict[str, Any], **about: Any) -> tuple[Picture, Report]:
    made = tuple(Column(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items())
    curves = Curves(made, "loss", **about)
    report = discover(curves, Options(budget_seconds=600))
    best, found = report.candidates[0], report.curves
    assert best.law is not None
    assert found is not None
    law = ChosenLaw(best.law.name, best.law.columns, best.text, found.warm_up_until)
    return picture(curves, law, found.held_out_rows > 0, Options(budget_seconds=600)), report


def sizes() -> tuple[dict[str, Any], tuple[str, ...]]:
    """Four sizes of model, 30 rows each, two of them outliers."""
    rng = np.random.default_rng(0)
    names = [name for name in ("1e6", "1e7", "1e8", "1e9") for _ in range(30)]
    n = np.array([float(name) for name in names])
    d = np.tile(np.geomspace(1e8, 1e11, 30), 4)
    loss = (1.7 + 400 / n**0.34 + 400 / d**0.28) * np.exp(0.005 * rng.standard_normal(120))
    loss[[10, 70]] *= 1.2
    return {"N": n, "D": d, "loss": loss}, tuple(names)


def test_a_joint_law_is_drawn_by_size_along_the_data_and_beyond() -> None:
    columns, runs = sizes()
    shown, report = drawn(columns, runs=runs)
    assert shown.across == "D"
    assert shown.logarithmic
    assert [s.label for s in shown.series] == ["N = 1e+06", "N = 1e+07", "N = 1e+08", "N = 1e+09"]
    marks = [mark for s in shown.series for mark in s.marks]
    assert report.curves is not None
    assert len(marks) == 120
    assert marks.count(Mark.OUTLIER) == len(report.curves.outliers) == 2
    assert marks.count(Mark.HELD_OUT) == report.curves.held_out_rows
    for series, size in zip(shown.series, (1e6, 1e7, 1e8, 1e9), strict=True):
        line = series.line
        assert line.x[0] == pytest.approx(1e8)
        assert line.x[-1] == pytest.approx(1e12)
        assert line.x[line.inside].max() <= 1e11 * 1.001
        truth = 1.7 + 400 / size**0.34 + 400 / line.x**0.28
        np.testing.assert_allclose(line.y, truth, rtol=0.03)
        assert np.all((line.lower <= line.y) & (line.y <= line.upper))
        width = np.log(line.upper / line.lower)
        assert width[-1] > width[line.inside].min()


def test_a_warm_up_is_shown_and_no_law_is_drawn_through_it() -> None:
    rng = np.random.default_rng(0)
    step = np.geomspace(1, 1e5, 200)
    loss = np.minimum(2.0 + 90 / step**0.6, 9.0) * np.exp(0.003 * rng.standard_normal(200))
    shown, report = drawn({"step": step, "loss": loss})
    (series,) = shown.series
    assert report.curves is not None
    assert series.marks.count(Mark.WARM_UP) == report.curves.warm_up_rows > 0
    assert report.curves.warm_up_until is not None
    assert series.line.x[0] > report.curves.warm_up_until


def test_constants_by_run_give_a_law_for_each_run() -> None:
    columns, runs = sizes()
    shown, _ = drawn(columns, runs=runs, per_run=True)
    assert [s.label for s in shown.series] == ["1e6", "1e7", "1e8", "1e9"]
    assert all(s.line.y[-1] < s.y.min() for s in shown.series)


def test_from_a_step_of_zero_the_axis_is_linear() -> None:
    step = np.linspace(0, 1e4, 60)
    shown, _ = drawn({"step": step, "loss": 3.0 - 2.5 * np.exp(-step / 2e3)})
    assert not shown.logarithmic
    assert shown.series[0].line.x[-1] == pytest.approx(1.25e4)


@pytest.mark.parametrize("form", list(ImageFormat))
def test_the_picture_is_a_file_and_always_the_same(form: ImageFormat) -> None:
    columns, runs = sizes()
    shown, _ = drawn(columns, runs=runs)
    image = plot_curves(shown, form)
    assert image.startswith(b"\x89PNG" if form is ImageFormat.PNG else b"<?xml")
    assert image == plot_curves(shown, form)
