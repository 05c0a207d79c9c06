"""What the command prints and writes where all goes well."""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Result = Callable[..., tuple[int, dict[str, Any]]]
QUICK = ("--engine", "none", "--budget", "10")


def test_discover_with_a_private_server_prints_one_json_object(result: Result, planets: Path, tmp_path: Path) -> None:
    status, found = result(
        "discover", planets, "--target", "period", *QUICK, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert status == 0
    assert found["state"] == "SUCCEEDED"
    best = found["candidates"][0]
    assert (best["rank"], best["formula"], best["complexity"]) == (1, "a**1.5", 3)
    assert set(best) == {
        "rank", "formula", "latex", "python", "complexity", "constants", "scores", "on_pareto_front", "found_by",
        "correlations", "dimensions", "parts", "law",
        "equations", "motion",
    }  # fmt: skip
    assert best["constants"][0]["value"] == 1.5
    assert best["constants"][0]["named"] == "3/2"
    assert set(best["constants"][0]) == {
        "value", "std_error", "lower", "upper", "named", "parameter", "per_group", "per_group_errors",
    }  # fmt: skip
    assert set(best["scores"]) == {"rmse", "r2", "relative_error", "description_length", "extrapolation_rmse"}
    assert set(found) == {
        "state", "job", "elapsed_seconds", "first_candidate_seconds", "candidates", "columns", "metric", "refinement",
        "residual", "noise", "warnings", "receipt", "error", "violations", "constant_laws", "curves", "drift",
        "jumps", "jump_laws", "chi_squared",
    }  # fmt: skip
    assert 0 < found["first_candidate_seconds"] <= found["elapsed_seconds"]
    assert set(found["noise"]) == {"relative_std"}
    assert found["receipt"]["seed"] == 0
    assert (found["error"], found["violations"]) == (None, [])
    assert list(tmp_path.iterdir()) == []  # the private server left nothing behind


def test_the_table_goes_to_standard_output_and_progress_to_standard_error(
    ansatz: Run, planets: Path, served: str
) -> None:
    done = ansatz("discover", planets, "--target", "period", *QUICK, "--server", served)
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["1", "a**1.5"] in [row[:2] for row in rows]
    assert "(3/2)" in done.stdout
    assert "best so far" in done.stderr
    assert "best so far" not in done.stdout


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("semicolons.csv", "a;period\n1;1\n4;8\n9;27\n16;64\n25;125\n"),
        ("tabs.tsv", "a\tperiod\n1\t1\n4\t8\n9\t27\n16\t64\n25\t125\n"),
        ("bars.txt", "a|period\n1|1\n4|8\n9|27\n16|64\n25|125\n"),
        ("excel.csv", '\ufeff"a","period"\r\n1,1\r\n"4",8\r\n9,27\r\n\r\n16,64\r\n25,125\r\n'),
        ("commented.csv", "# from the log\n#\n\na, period\n1, 1\n4, 8\n9, 27\n16, 64\n25, 1.25e2"),
        ("text.csv", 'name,a,period\n"x, y",1,1\nu,4,8\n,9,27\nw,16,64\nz,25,125\n'),
    ],
)
def test_tables_of_many_makes_are_read(result: Result, tmp_path: Path, served: str, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    status, found = result("discover", path, "--target", "period", "--inputs", "a", *QUICK, "--server", served)
    assert (status, found["candidates"][0]["formula"]) == (0, "a**1.5")


def test_standard_input_is_read(result: Result, planets: Path, served: str) -> None:
    arguments = ("discover", "-", "--target", "period", *QUICK, "--server", served)
    status, found = result(*arguments, stdin=planets.read_text())
    assert (status, found["candidates"][0]["formula"]) == (0, "a**1.5")


def test_parquet_is_read_where_pyarrow_is(result: Result, tmp_path: Path, served: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "data.parquet"
    columns = {"name": list("uvwxy"), "a": [1, 4, 9, 16, 25], "period": [1.0, 8.0, 27.0, 64.0, 125.0]}
    parquet.write_table(pyarrow.table(columns), path)
    arguments = ("discover", path, "--target", "period", *QUICK, "--server", served)
    status, found = result(*arguments, "--inputs", "a")
    assert (status, found["candidates"][0]["formula"]) == (0, "a**1.5")
    status, found = result(*arguments)
    assert (status, found["violations"][0]["field"]) == (2, "table.columns['name']")


def test_columns_with_names_of_any_kind_are_mapped_back(result: Result, tmp_path: Path, served: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text('"axis, major (au)",exp,period\n1,3,1\n4,1,8\n9,4,27\n16,1,64\n25,5,125\n')
    arguments = ("--inputs", '"axis, major (au)",exp', *QUICK, "--server", served)
    status, found = result("discover", path, "--target", "period", *arguments)
    assert status == 0
    assert set(found["columns"].values()) == {"axis, major (au)", "exp"}
    assert any(name in found["candidates"][0]["formula"] for name in found["columns"])


def test_the_result_goes_to_a_file_in_one_step(ansatz: Run, planets: Path, tmp_path: Path, served: str) -> None:
    output = tmp_path / "result.json"
    arguments = ("--format", "json", "--output", output, *QUICK, "--server", served)
    done = ansatz("discover", planets, "--target", "period", *arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(output.read_text())["state"] == "SUCCEEDED"
    assert list(tmp_path.iterdir()) == [output]


def test_options_reach_the_search(result: Result, tmp_path: Path, served: str) -> None:
    path, units = tmp_path / "data.csv", tmp_path / "units.json"
    path.write_text("a,w,period\n1,1,1\n4,2,8\n9,1,27\n16,1,64\n25,3,125\n")
    units.write_text('{"a": "au", "period": "yr", "w": ""}')
    options = ("--weights", "w", "--units", units, "--functions", "sqrt", "--seed", 7, "--max-complexity", 9)
    arguments = (*options, "--ansatz", "1.1*a**1.4", "--dimensional-constants", *QUICK, "--server", served)
    status, found = result("discover", path, "--target", "period", "--kind", "table", *arguments)
    assert status == 0
    assert found["receipt"]["seed"] == 7
    assert all(c["complexity"] <= 9 for c in found["candidates"])
    assert found["refinement"][0]["added"] is None
    assert found["receipt"]["options"]["dimensional_constants"] == "True"
    assert {c["dimensions"] for c in found["candidates"]} <= {"consistent", "dimensional_constants"}


@pytest.mark.parametrize("loss", ["log-huber", "log_huber"])
def test_a_loss_is_read_in_both_spellings_and_told_in_one(
    result: Result, planets: Path, served: str, loss: str
) -> None:
    arguments = ("discover", planets, "--target", "period", "--engine", "none", "--budget", 2, "--server", served)
    status, found = result(*arguments, "--ansatz", "k*a**p", "--loss", loss)
    assert (status, found["receipt"]["options"]["loss"]) == (0, "log-huber")
    _, described = result("jobs", "show", found["job"], "--server", served)
    assert described["options"]["loss"] == "log-huber"


def test_unknown_parts_of_an_ansatz_come_back_by_name(result: Result, ansatz: Run, tmp_path: Path, served: str) -> None:
    path = tmp_path / "data.csv"
    rows = [(x / 7, z / 3) for x in range(1, 9) for z in range(2, 6)]
    path.write_text("x,z,y\n" + "".join(f"{x},{z},{2.5 * x**2 + 3 / z!r}\n" for x, z in rows))
    arguments = ("discover", path, "--target", "y", "--ansatz", "f(x) + k/z", *QUICK, "--server", served)
    status, found = result(*arguments)
    best = found["candidates"][0]
    assert (status, best["parts"], best["formula"]) == (0, {"f": "2.5*x**2"}, "2.5*x**2 + 3/z")
    assert [(c["parameter"], c["value"]) for c in best["constants"]] == [(None, 2.5), ("k", 3.0)]
    assert "f = 2.5*x**2" in ansatz(*arguments).stdout


def test_a_metric_is_given_and_told(result: Result, tmp_path: Path, served: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + "".join(f"{x},{1 / (1 + math.exp(-0.5 * x))!r}\n" for x in range(-6, 7)))
    arguments = ("discover", path, "--target", "y", *QUICK, "--server", served, "--metric")
    status, found = result(*arguments, "logit")
    assert (status, found["metric"]) == (0, "logit")
    assert found["candidates"][0]["formula"] == "1/(1 + exp(-(0.5*x)))"
    status, refused = result(*arguments, "ln")
    assert (status, refused["violations"][0]["field"]) == (2, "options.metric")


def test_grouped_data_give_constants_for_each_group_and_their_laws(
    result: Result, ansatz: Run, tmp_path: Path, served: str
) -> None:
    path = tmp_path / "runs.csv"
    rows = [
        f"run {g},{2.0**g},{x},{3 * 2.0**g * x / (x + 4)}" for g in range(6) for x in (0.5, 1, 2, 3, 5, 8, 13, 21, 34)
    ]
    path.write_text("\n".join(["run,size,x,y", *rows]))
    arguments = ("discover", path, "--target", "y", "--group", "run", "--ansatz", "a*x/(x + k)", "--per-group", "a")
    status, found = result(*arguments, *QUICK, "--server", served)
    assert status == 0
    a, k = found["candidates"][0]["constants"]
    assert (a["parameter"], k["parameter"], k["per_group"]) == ("a", "k", None)
    assert a["per_group"] == pytest.approx({f"run {g}": 3 * 2.0**g for g in range(6)}, rel=1e-6)
    assert set(a["per_group_errors"]) == set(a["per_group"])
    assert k["value"] == pytest.approx(4, rel=1e-6)
    [law] = found["constant_laws"]
    assert set(law) == {"constant", "candidates", "residual", "warnings", "columns"}
    assert (law["constant"], law["candidates"][0]["formula"]) == ("a", "3*size")
    shown = ansatz(*arguments, *QUICK, "--server", served).stdout
    assert "median of 6 groups" in shown
    assert "run 5" in shown
    assert "Formulas for a by the groups' own columns" in shown


def test_an_evaluation_says_in_which_inputs_something_is_missing(
    result: Result, ansatz: Run, tmp_path: Path, served: str
) -> None:
    rows = ["x,z,y", *(f"{0.1 * i},{(7 * i) % 13},{0.2 * i + (0.1 * i) ** 2}" for i in range(1, 100))]
    file = tmp_path / "data.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    arguments = ("evaluate", file, "--target", "y", "--server", served, "--formula", "2*x")
    status, found = result(*arguments)
    assert status == 0
    missing = found["residual"]["missing"]
    assert missing[0] == "x"
    assert f"what it leaves has structure in {', '.join(missing)} (p = " in ansatz(*arguments).stdout


def test_evaluate_scores_a_formula(result: Result, ansatz: Run, planets: Path, served: str) -> None:
    arguments = ("evaluate", planets, "--target", "period", "--server", served)
    status, found = result(*arguments, "--formula", "1.1*a**1.4")
    assert (status, found["candidates"][0]["rank"], found["candidates"][0]["constants"][0]["value"]) == (0, 0, 1.1)
    status, refitted = result(*arguments, "--formula", "1.1*a**1.4", "--refit")
    assert refitted["candidates"][0]["scores"]["rmse"] < 1e-9 < found["candidates"][0]["scores"]["rmse"]
    done = ansatz(*arguments, "--formula=-a")
    assert done.returncode == 0
    assert "-a" in done.stdout


def test_formulas_are_compared_whatever_the_answer(result: Result, ansatz: Run, planets: Path, served: str) -> None:
    status, equal = result("compare", "-a*(1 + a)", "-a - a**2", "--server", served)
    assert (status, equal["state"], equal["equivalent"], equal["equivalence"]) == (0, "SUCCEEDED", True, "PROVED")
    assert set(equal) == {
        "state", "equivalent", "equivalence", "method", "largest_difference", "points", "undefined_a", "undefined_b",
        "box", "terms", "a_fitted", "b_fitted", "warnings", "error", "violations",
    }  # fmt: skip
    status, different = result("compare", "a**1.5", "a**1.4", "--data", planets, "--inputs", "a", "--server", served)
    assert (status, different["equivalent"], different["box"]) == (0, False, {"a": [0.387, 30.07]})
    assert different["largest_difference"]["inputs"] == {"a": 30.07}
    arguments = ("compare", "k*a**1.5", "0.1*a**1.5", "--box", "a=1:5", "--free-constants", "--server", served)
    assert "the same function" in ansatz(*arguments).stdout
    status, refused = result("compare", "a", "a", "--box", "a=1", "--server", served)
    assert (status, refused["state"], refused["violations"][0]["field"]) == (2, "INVALID", "--box")


def test_jobs_are_listed_shown_watched_cancelled_and_deleted(
    result: Result, ansatz: Run, planets: Path, served: str
) -> None:
    there = ("--server", served)
    job = result("discover", planets, "--target", "period", *QUICK, *there)[1]["job"]
    listed = result("jobs", "list", *there)[1]["jobs"]
    assert (listed[0]["job"], listed[0]["state"], listed[0]["data"]["rows"]) == (job, "SUCCEEDED", 8)
    shown = result("jobs", "show", job, *there)[1]
    assert (shown["job"], shown["candidates"][0]["formula"]) == (job, "a**1.5")
    watched = result("jobs", "watch", job, *there)[1]
    assert watched["candidates"] == shown["candidates"]
    assert job in ansatz("jobs", "list", *there).stdout
    assert "a**1.5" in ansatz("jobs", "show", job, *there).stdout
    assert ansatz("jobs", "cancel", job, *there).returncode == 0
    assert ansatz("jobs", "delete", job, *there).returncode == 0
    status, gone = result("jobs", "show", job, *there)
    assert (status, gone["error"]["reason"]) == (2, "JOB_NOT_FOUND")


def test_a_job_is_continued(result: Result, planets: Path, tmp_path: Path, served: str) -> None:
    there = ("--server", served)
    job = result("discover", planets, "--target", "period", *QUICK, *there)[1]["job"]
    status, again = result("jobs", "continue", job, "--budget", 5, *there)
    assert (status, again["candidates"][0]["formula"]) == (0, "a**1.5")
    assert again["job"] != job
    more = tmp_path / "more.csv"
    more.write_text(planets.read_text() + f"2.77,{2.77**1.5!r}\n")
    status, longer = result("jobs", "continue", job, more, *there)
    assert (status, longer["candidates"][0]["formula"]) == (0, "a**1.5")
    assert result("jobs", "show", longer["job"], *there)[1]["data"]["rows"] == 9
    status, refused = result("jobs", "continue", "nobody", *there)
    assert (status, refused["error"]["reason"]) == (2, "JOB_NOT_FOUND")
    assert "ansatz jobs list" in refused["error"]["message"]
    more.write_text("a,y\n1,2\n2,3\n")
    status, refused = result("jobs", "continue", job, more, *there)
    assert (status, refused["violations"][0]["field"]) == (2, "data")
    assert "'period' is no column" in refused["error"]["message"]


def test_a_job_on_groups_is_continued_with_its_groups(result: Result, tmp_path: Path, served: str) -> None:
    path, there = tmp_path / "runs.csv", ("--server", served)
    rows = [f"run {g},{x},{(1 + g) * x}" for g in range(4) for x in range(1, 7)]
    path.write_text("\n".join(["run,x,y", *rows]))
    form = ("--ansatz", "a*x", "--per-group", "a")
    job = result("discover", path, "--target", "y", "--group", "run", *form, *QUICK, *there)[1]["job"]
    path.write_text("\n".join(["run,x,y", *rows, *(f"run 4,{x},{5 * x}" for x in range(1, 7))]))
    status, longer = result("jobs", "continue", job, path, "--group", "run", *there)
    assert status == 0
    assert longer["candidates"][0]["constants"][0]["per_group"]["run 4"] == pytest.approx(5)


def test_experiments_are_proposed(result: Result, ansatz: Run, planets: Path, served: str) -> None:
    there = ("--server", served)
    job = result("discover", planets, "--target", "period", *QUICK, *there)[1]["job"]
    arguments = ("propose", job, "--box", "a=0.1:1000", "-n", 3, *there)
    status, found = result(*arguments)
    assert (status, found["state"], len(found["experiments"])) == (0, "SUCCEEDED", 3)
    assert set(found) == {
        "state", "experiments", "rivals", "noise_std", "noise_is_relative", "warnings", "error", "violations",
    }  # fmt: skip
    assert set(found["experiments"][0]) == {"inputs", "predictions", "first_rank", "second_rank", "separation", "group"}
    assert "tells apart" in ansatz(*arguments).stdout
    status, refused = result("propose", job, "--box", "b=1:2", *there)
    assert (status, refused["violations"][0]["field"]) == (2, "box['b']")


def test_engines_are_listed_with_what_to_do(result: Result, served: str) -> None:
    status, found = result("engines", "list", "--server", served)
    assert status == 0
    assert {engine["engine"] for engine in found["engines"]} >= {"pysr", "operon"}
    assert all(engine["detail"] for engine in found["engines"])


def test_installing_an_engine_that_needs_nothing_says_so(ansatz: Run) -> None:
    done = ansatz("engines", "install", "none")
    assert done.returncode == 0
    assert "nothing to install" in done.stderr
    assert ansatz("engines", "install", "genetic").returncode == 2


def test_serve_has_its_own_help(ansatz: Run) -> None:
    done = ansatz("serve", "--help")
    assert done.returncode == 0
    assert "--data-dir" in done.stdout


def test_no_server_there_is_a_failure(result: Result, planets: Path) -> None:
    status, found = result("discover", planets, "--target", "period", "--server", "127.0.0.1:1")
    assert (status, found["state"], found["error"]["reason"]) == (1, "FAILED", "UNAVAILABLE")


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A parabola, each value off by its standard error."""
    path = tmp_path / "measured.csv"
    rows = [(1 + 0.25 * i, 0.05 + 0.01 * (i % 4), (-1) ** i) for i in range(20)]
    path.write_text("x,y,sigma\n" + "".join(f"{x},{3 * x**2 + sign * e!r},{e!r}\n" for x, e, sign in rows))
    return path


def test_standard_errors_are_compared_with_what_the_best_formula_leaves(
    result: Result, ansatz: Run, measured: Path, served: str
) -> None:
    told = (measured, "--target", "y", "--std-errors", "sigma", "--server", served)
    status, found = result("discover", *told, *QUICK)
    assert status == 0
    assert found["chi_squared"].keys() == {"value", "degrees", "p_value", "per_degree"}
    _, scored = result("evaluate", *told, "--formula", "3*x**2")
    assert scored["chi_squared"]["value"] == pytest.approx(20)
    assert scored["chi_squared"]["degrees"] == 20
    shown = ansatz("evaluate", *told, "--formula", "3*x**2").stdout
    assert "χ² by the standard errors: 1 per degree of freedom, of which there are 20 (p = 0.46, level 0.01)" in shown


def test_a_column_called_like_the_error_is_left_out_and_the_option_told(
    result: Result, measured: Path, served: str
) -> None:
    told = ("evaluate", measured, "--target", "y", "--server", served)
    _, found = result(*told, "--formula", "3*x**2")
    (message,) = [w["message"] for w in found["warnings"] if w["code"] == "ERROR_COLUMN"]
    assert "--std-errors sigma" in message
    _, named = result(*told, "--formula", "3*x**2 + 0*sigma", "--inputs", "x,sigma")
    assert (named["state"], named["chi_squared"]) == ("SUCCEEDED", None)
    assert "ERROR_COLUMN" not in {w["code"] for w in named["warnings"]}
