"""What is measured on real curves: each a function that gives figures by name."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery import Column, Curves, Options, Report, discover
from ansatz.discovery.curves.fit import THOROUGH, CurveFit, fit_law
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.powers import POWER_FLOOR
from ansatz.discovery.curves.laws.tasks import FINE_TUNING
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import evaluate

Array = NDArray[np.float64]
Figures = dict[str, Any]
_DATA: Final = Path(__file__).parent / "data"
_SMALL: Final = 1e9
_POINTS: Final = 100
_NOISE: Final = 0.01


def curves(columns: Mapping[str, Iterable[float]], target: str, **about: Any) -> Curves:
    made = (Column(name, np.array(list(values), dtype=np.float64)) for name, values in columns.items())
    return Curves(tuple(made), target, **about)


def over_training(train_set: str) -> Figures:
    """L(N, D) of one training set, fitted on models below 1e9 parameters, against the larger ones."""
    rows = [r for r in _rows("overtraining_scaling/models.csv") if r["train_set"] == train_set]
    columns = {
        name: np.array([float(r[key]) for r in rows])
        for name, key in (("N", "params"), ("D", "tokens"), ("loss", "loss_c4_val"))
    }
    small = columns["N"] < _SMALL
    report = discover(curves({n: c[small] for n, c in columns.items()}, "loss"), Options(budget_seconds=600))
    best = report.candidates[0]
    large = {n: c[~small] for n, c in columns.items()}
    predicted = evaluate(best.formula, large, int((~small).sum()))
    errors = predicted / large["loss"] - 1
    return {
        **_best(report),
        "fitted": int(small.sum()),
        "predicted": int((~small).sum()),
        "error": float(np.abs(errors).mean()),
        "of_each": [f"{100 * e:+.1f} %" for e in errors],
    }


def fine_tuning(task: str) -> Figures:
    """The rectified law against the plain power law over a floor: relative error (rms; the median model) of the last
    three sizes, told from the others, sizes from 200 on; and which law comes first."""
    rows = _rows(f"finetune_scaling/{task}.csv")
    sizes = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
    errors: dict[str, list[float]] = {FINE_TUNING.name: [], POWER_FLOOR.name: []}
    for row in rows:
        data = {"D": [float(d) for d in sizes], "loss": [float(row[str(d)]) for d in sizes]}
        sample = prepare(curves(data, "loss")).sample
        for law in (FINE_TUNING, POWER_FLOOR):
            errors[law.name].append(_error_of_last(law, sample, 3))
    long = {
        "D": [float(d) for _ in rows for d in sizes],
        "loss": [float(row[str(d)]) for row in rows for d in sizes],
    }
    runs = tuple(row["config name"] for row in rows for _ in sizes)
    report = discover(curves(long, "loss", runs=runs, per_run=True), Options(budget_seconds=600))
    return {**_best(report), "models": len(rows), **{f"error_{n}": float(np.median(e)) for n, e in errors.items()}}


def _error_of_last(law: Law, sample: Sample, count: int) -> float:
    """Relative error (rms) of a law of one variable on the last rows, fitted to the others."""
    rows = np.arange(sample.rows)
    inner, outer = sample.only(rows[:-count]), sample.only(rows[-count:])
    fit = fit_law(CurveModel.on(law, dict.fromkeys(law.variables, "D"), inner.columns), inner, 0, THOROUGH)
    if fit is None:
        return math.inf
    return float(
        np.sqrt(np.mean(CurveFit(fit.model, outer, fit.u, fit.delta, np.ones(outer.rows, dtype=bool)).residuals ** 2))
    )


def henighan(domain: str) -> Figures:
    """A row of the table: points simulated from L(N), and whether its coefficients come back within their intervals."""
    (row,) = [r for r in _rows("henighan2020/table1.csv") if r["domain"] == domain]
    floor, scale, exponent = (float(row[key]) for key in ("LN_Linf", "LN_N0", "LN_alpha"))
    n = np.geomspace(1e4, 1e10, _POINTS)
    noise = np.exp(_NOISE * np.random.default_rng(0).standard_normal(_POINTS))
    data = curves({"N": n, "loss": (floor + (scale / n) ** exponent) * noise}, "loss")
    report = discover(data, Options(budget_seconds=600))
    law = report.candidates[0].law
    found = {c.name: c for c in law.constants} if law else {}
    sought = {"x0": scale, "alpha": exponent, "L0": floor} if floor else {"x0": scale, "beta": -exponent}
    held = [
        name in found and (found[name].lower or -math.inf) <= value <= (found[name].upper or math.inf)
        for name, value in sought.items()
    ]
    return {**_best(report), "held": sum(held), "sought": len(held), "right": set(sought) <= set(found)}


def pythia(part: str) -> Figures:
    """Logarithm of the LAMBADA perplexity against step and size; the models that get worse late."""
    rows = [r for r in _rows("pythia_evals/lambada_perplexity.csv") if int(r["step"]) > 0]
    rows = [r for r in rows if r["model"].endswith("deduped") == (part == "deduped")]
    data = {
        "N": [_size(r["model"]) for r in rows],
        "step": [float(r["step"]) for r in rows],
        "loss": [math.log(float(r["value"])) for r in rows],
    }
    report = discover(curves(data, "loss", runs=tuple(r["model"] for r in rows)), Options(budget_seconds=600))
    late = report.curves.worsening if report.curves else ()
    return {**_best(report), "late": [f"{w.run}: {w.best:.3f} to {w.last:.3f}" for w in late]}


def nanogpt(part: str) -> Figures:
    """The training loss of one run against step."""
    lines = (_DATA / "nanogpt_loss_curves" / "AdamW_2024-06-06.log").read_text().splitlines()
    pairs = [line.split() for line in lines if "trl:" in line]
    data = {
        "step": [float(step.removeprefix("s:")) for step, *_ in pairs],
        "loss": [float(loss.removeprefix("trl:")) for _, loss, *_ in pairs],
    }
    report = discover(curves(data, "loss"), Options(budget_seconds=600))
    found = report.curves
    return {
        **_best(report),
        "warm_up_until": found.warm_up_until if found else None,
        "breaks": [
            f"{b.name} = {b.value:.0f} ({b.lower:.0f} to {b.upper:.0f})" for b in (found.breaks if found else ())
        ],
    }


SETS: Final[dict[str, tuple[Callable[[str], Figures], tuple[str, ...]]]] = {
    "over_training": (over_training, ("c4_original", "rpj", "rw_original")),
    "fine_tuning": (fine_tuning, ("flan", "gigaword", "wmt19")),
    "henighan": (henighan, tuple(r["domain"] for r in csv.DictReader((_DATA / "henighan2020/table1.csv").open()))),
    "pythia": (pythia, ("standard", "deduped")),
    "nanogpt": (nanogpt, ("AdamW",)),
}


def _best(report: Report) -> Figures:
    best = report.candidates[0]
    return {
        "law": best.law.name if best.law else "",
        "formula": best.text,
        "r2": best.scores.r2,
        "held_out_error": best.law.held_out_error if best.law else None,
        "warnings": [w.code for w in report.warnings],
    }


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _size(model: str) -> float:
    text = model.split("-")[1]
    return float(text[:-1]) * {"m": 1e6, "b": 1e9}[text[-1]]
