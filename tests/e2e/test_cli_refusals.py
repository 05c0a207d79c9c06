"""Bad input: exit status 2, a message with field, place and remedy, and with JSON one object that says INVALID."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansatz import distribution

if TYPE_CHECKING:
    from tests.e2e.conftest import Refusal, Run

GOOD = "a,b,y\n1,2,3\n2,3,4\n3,4,6\n4,5,7\n5,7,8\n"

Refused = Callable[..., tuple[list[str], str]]


@pytest.fixture
def refused(refusal: Refusal) -> Refused:
    """Runs `ansatz discover`, which must refuse: the fields of the violations, and the message."""

    def run(*arguments: object) -> tuple[list[str], str]:
        violations, message = refusal("discover", *arguments)
        return [violation["field"] for violation in violations], message

    return run


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--group", "run"), "table.group"),
        (("--group", "y"), "table.group"),
        (("--group", "a", "--inputs", "a"), "table.inputs[0]"),
    ],
)
def test_a_group_that_cannot_be_is_refused(
    refused: Refused, good: Path, arguments: tuple[str, ...], field: str
) -> None:
    fields, _ = refused(good, "--target", "y", *arguments)
    assert fields == [field]


def test_a_group_with_an_empty_cell_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "holes.csv"
    path.write_text("g,x,y\nu,1,2\n,2,3\nv,3,4\n")
    fields, message = refused(path, "--target", "y", "--group", "g")
    assert fields == ["table.columns['g']"]
    assert "row 2 (line 3) is empty" in message


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("a,y\n1,2\n2,x\n3,4\n", "table.columns['y']", "row 2 (line 3) is 'x', which is no number"),
        ("# one\n\na,y\n1,2\n\n2,?\n", "table.columns['y']", "row 2 (line 6) is '?'"),
        ("a,y\n1,2\n,3\n", "table.columns['a']", "row 2 (line 3) is empty; fill it or remove the row"),
        ("a,y\n1,2\nnan,3\n", "table.columns['a']", "row 2 (line 3) is nan"),
        ("a,y\n1,-inf\n", "table.columns['y']", "row 1 (line 2) is -inf"),
        ("a,y\n1_000,2\n", "table.columns['a']", "'1_000', which is no number"),
        ("a;y\n1,5;2\n", "table.columns['a']", "write decimals with a point"),
        ("a,y\n1,2\n1,2,3\n", "data", "row 2 (line 3) has 3 cells where the header has 2"),
        ("a,y\n1,2\n1\n", "data", "row 2 (line 3) has 1 cells"),
        ("a,a,y\n1,2,3\n", "table.columns", "'a' stands more than once"),
        (",y\n1,2\n", "table.columns[0].name", "column 1 has no name"),
        ("1,2\n3,4\n", "data", "begins with numbers; give a header line"),
        ("", "data", "is empty"),
        ("# only a comment\n", "data", "is empty"),
        ("a,y\n", "data", "no rows"),
        ("planet,a,y\nMars,1,2\n", "table.columns['planet']", "name the ones to use with --inputs"),
        ('a,y\n"' + "1" * 200_000 + '",2\n', "data", "cannot be read"),
        ("a,y\n" + "9" * 400 + ",2\n", "table.columns['a']", "not finite"),
    ],
)
def test_a_table_that_cannot_be_used(refused: Refused, tmp_path: Path, text: str, field: str, said: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    fields, message = refused(path, "--target", "y")
    assert fields == [field]
    assert said in message


def test_a_file_that_is_no_text(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes("Länge,y\n1,2\n".encode("latin-1"))
    fields, message = refused(path, "--target", "y")
    assert fields == ["data"]
    assert "save it as UTF-8" in message


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        (("--target", "z"), "table.target", "'z' is no column; columns: 'a', 'b', 'y'"),
        (("--target", "y", "--inputs", "a,q"), "table.inputs[1]", "'q' is no column"),
        (("--target", "y", "--inputs", "a,y"), "table.inputs[1]", "has a role already"),
        (("--target", "y", "--weights", "q"), "table.weights", "'q' is no column"),
        (("--target", "y", "--units", "nowhere.json"), "--units", "cannot be read"),
        (("--target", "y", "--output", "/nowhere/x.json"), "--output", "is no folder"),
        (("--target", "y", "--engine", "genetic"), "options.engine", "give one of auto, pysr, operon, none"),
        (("--target", "y", "--seed", "-1"), "options.seed", "whole number"),
        (("--target", "y", "--budget", "nan"), "options.budget", "finite"),
        (("--target", "y", "--budget", "soon"), "command line", "--budget"),
        (("--target", "y", "--kind", "novel"), "command line", "--kind"),
        (("--target", "y", "--no-such-option"), "command line", "--no-such-option"),
        ((), "--target", "--states"),
    ],
)
def test_arguments_that_cannot_be_used(
    refused: Refused, good: Path, arguments: tuple[str, ...], field: str, said: str
) -> None:
    fields, message = refused(good, *arguments)
    assert fields == [field]
    assert said in message


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--budget", "0"), "options.budget"),
        (("--budget", "-3"), "options.budget"),
        (("--budget", "1e6"), "options.budget"),
        (("--functions", "sin,gamma"), "options.functions[1]"),
        (("--max-complexity", "0"), "options.max_complexity"),
        (("--ansatz", "gamma(a)"), "options.ansatz"),
        (("--ansatz", "__import__('os')"), "options.ansatz"),
        (("--ansatz", "().__class__"), "options.ansatz"),
        (("--ansatz", "9**9**9**9"), "options.ansatz"),
        (("--ansatz", "(" * 10_000 + "a" + ")" * 10_000), "options.ansatz"),
        (("--kind", "curve", "--engine", "operon"), "options.engine"),
        (("--kind", "curve", "--ansatz", "k*a", "--start", "kk=1"), "options.parameters[0].name"),
    ],
)
def test_what_the_server_refuses(
    refused: Refused, good: Path, served: str, arguments: tuple[str, ...], field: str
) -> None:
    fields, _ = refused(good, "--target", "y", "--server", served, *arguments)
    assert fields == [field]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--metric", "ln"), "--metric: 'ln' is no metric"),
        (("--functions", "sin,gamma"), "--functions: 'gamma' is no function"),
        (("--ansatz", "c*a", "--start", "c=inf"), "--start: 'c' starts at inf"),
        (("--ansatz", "c*a", "--bounds", "c=2:1"), "--bounds: 'c' has the bounds 2 to 1"),
        (("--functions", "cos", "--ansatz", "sin(a)"), "calls sin, which --functions leaves out"),
    ],
)
def test_fields_of_a_request_are_called_by_the_flags_that_were_typed(
    refusal: Refusal, good: Path, served: str, arguments: tuple[str, ...], said: str
) -> None:
    violations, message = refusal("discover", good, "--target", "y", "--server", served, *arguments)
    assert [violation["flag"] for violation in violations] == [arguments[-2]]
    assert all(violation["field"].startswith("options.") for violation in violations)
    assert said in message


def test_a_column_is_called_by_its_name(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y\n1,2\n2,x\n")
    violations, message = refusal("discover", path, "--target", "y")
    assert violations[0]["flag"] == "data"
    assert message.startswith("error: column 'y': row 2 (line 3) is 'x'")


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("compare", "a", "a", "--inputs", "a"), "--inputs"),
        (("predict", "DATA", "--target", "y"), "--at"),
        (("predict", "--job", "j", "--server", "127.0.0.1:1", "--target", "y", "--reach", "1"), "--target"),
        (("predict", "--job", "j", "--server", "127.0.0.1:1", "--scale", "log", "--reach", "1"), "--scale"),
        (("jobs", "continue", "j", "--server", "127.0.0.1:1", "--weights", "b"), "--weights"),
        (("discover", "DATA", "--target", "y", "--loss", "huber"), "--loss"),
        (("discover", "DATA", "--target", "y", "--ansatz", "c*a", "--per-group", "c"), "--per-group"),
        (("discover", "DATA", "--target", "y", "--kind", "curve", "--per-group", "c"), "--per-group"),
        (("discover", "DATA", "--kind", "table", "--target", "y", "--states", "a"), "--states"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    refusal: Refusal, good: Path, arguments: tuple[str, ...], flag: str
) -> None:
    violations, message = refusal(*(good if a == "DATA" else a for a in arguments))
    assert [violation["flag"] for violation in violations] == [flag]
    assert re.search("give|leave", message)


def test_too_few_rows(refused: Refused, tmp_path: Path, served: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,y\n1,2\n2,3\n")
    fields, message = refused(path, "--target", "y", "--server", served)
    assert fields == ["table.columns"]
    assert "at least 5" in message


@pytest.mark.parametrize(("absent", "extra"), [("typer", "cli"), ("numpy", "server"), ("pyarrow", "parquet")])
def test_a_missing_extra_is_named(tmp_path: Path, absent: str, extra: str) -> None:
    path = tmp_path / ("data.parquet" if absent == "pyarrow" else "data.csv")
    path.write_text(GOOD)
    code = f"import sys; sys.modules[{absent!r}] = None\nfrom ansatz.client.cli import main; main()"
    command = [sys.executable, "-c", code, "discover", str(path), "--target", "y", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert distribution.install(extra) in done.stderr
    found = json.loads(done.stdout)
    assert (found["state"], found["error"]["reason"]) == ("INVALID", "MISSING_EXTRA")


def test_bytes_on_standard_input_that_are_no_text_are_refused() -> None:
    code = "from ansatz.client.cli import main; main()"
    command = [sys.executable, "-c", code, "discover", "-", "--target", "y", "--kind", "curve"]
    done = subprocess.run(command, input=b"x,y\n\xff\xfe,1\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"standard input is not UTF-8 text" in done.stderr


def test_a_command_without_arguments_shows_its_help(ansatz: Run) -> None:
    done = ansatz("jobs")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: ansatz jobs")


def test_a_refusal_on_standard_input_ends_the_process_with_2() -> None:
    code = "from ansatz.client.cli import main; main()"
    command = [sys.executable, "-c", code, "discover", "-", "--target", "y"]
    done = subprocess.run(command, input="a,y\n1,x\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "row 1 (line 2) is 'x'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "field", "flag"),
    [
        (("--std-errors", "nope"), "table.std_errors", "--std-errors"),
        (("--std-errors", "y"), "table.std_errors", "--std-errors"),
        (("--std-errors", "a", "--weights", "b"), "table.std_errors", "--std-errors"),
        (("--std-errors", "a", "--inputs", "a,b"), "table.inputs[0]", "--inputs"),
        (("--input-errors", "a"), "--input-errors[0]", "--input-errors"),
        (("--input-errors", "nope=a"), "table.input_errors", "--input-errors"),
        (("--input-errors", "a=nope"), "table.input_errors", "--input-errors"),
        (("--noise", "loud"), "table.noise", "--noise"),
        (("--trials", "a"), "--trials", "--trials"),
    ],
)
def test_errors_that_cannot_be_are_refused(
    refused: Refused, good: Path, arguments: tuple[str, ...], field: str, flag: str
) -> None:
    fields, message = refused(good, "--target", "y", *arguments)
    assert fields == [field]
    assert flag in message


@pytest.mark.parametrize("flag", ["--std-errors", "--trials"])
def test_errors_of_a_motion_that_cannot_be_are_refused(refused: Refused, good: Path, flag: str) -> None:
    _, message = refused(good, "--states", "y", "--time", "a", flag, "nope")
    assert flag in message
