"""Hostile input that somebody thought of: each is refused in words, at once, or read as what it is."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ansatz.client.cli.files.delimited import read_delimited
from ansatz.client.cli.files.text_table import read_text_table
from ansatz.client.errors import InvalidRequest
from ansatz.discovery import Column, InvalidInputError, Table, evaluate_formula
from ansatz.discovery.expression import parse, to_text
from ansatz.discovery.search.evolution.frames import read_frame
from ansatz.discovery.units.text import UnitSyntaxError, parse_unit
from ansatz.service import errors
from ansatz.service.executor import frames
from ansatz.service.jobs.validation import Body, validated
from ansatz.service.limits.limits import Limits
from ansatz.service.settings import Settings
from ansatz.v1 import discovery_service_pb2 as pb

LOOK_ALIKES = {
    "Cyrillic х": "х + 1",
    "full-width x": "ｘ + 1",
    "full-width digit": "x + １",
    "Arabic digit": "x + ١",
    "minus sign": "x − 1",
    "multiplication sign": "x × 2",
    "division slash": "x ∕ 2",
    "superscript": "x²",
    "right-to-left override": "x\u202e + 1",
    "zero-width space": "x\u200b + 1",
    "soft hyphen": "x\u00ad1",
    "combining mark": "x\u0301",
    "no-break space": "x\u00a0+ 1",
    "NUL": "x\x00",
    "ligature": "sin(x) + ﬁ",
    "bold": "𝐱 + 1",
}


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_and_invisible_characters_are_no_part_of_a_formula(text: str) -> None:
    with pytest.raises(InvalidInputError, match="at character"):
        parse(text, ["x", "х", "ﬁ"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 3000 + "x" + ")" * 1000, "nested"),
        ("-" * 4000 + "x", "nested"),
        ("sin(" * 900 + "x" + ")" * 90, "nested"),
        ("2**" * 1000 + "2", "nested"),
        ("+".join(["x"] * 2000), "nodes"),
        ("*".join(["x"] * 2000), "nodes"),
        ("x" * 4097, "characters"),
        ("x+" * 1_000_000, "characters"),
        ("10**10**10", "exponent"),
        ("x**1e308", "exponent"),
        ("x**(-101)", "exponent"),
        ("x**(1/0)", "exponent"),
        ("9" * 4000, "beyond float64"),
        ("1e999", "beyond float64"),
        ("x**x.__class__", "at character"),
        ("__import__(os)", "no function"),
        ("eval('x')", "at character"),
        ("x; import os", "at character"),
        ("lambda: 0", "at character"),
        ("", "empty"),
        (" \t", "empty"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_formulas_that_are_too_much_or_no_formula(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        parse(text, ["x"])


def test_a_chain_just_within_the_limit_is_read_and_computed() -> None:
    text = " + ".join(["x"] * 250)
    table = Table((Column("x", np.linspace(1, 2, 8)), Column("y", np.linspace(1, 2, 8) * 250)), target="y")
    assert to_text(parse(text, ["x"])) == text
    assert evaluate_formula(table, text, refit=False).candidate.scores.rmse == pytest.approx(0, abs=1e-9)


def test_an_unknown_part_may_stand_alone_in_an_exponent() -> None:
    assert to_text(parse("x**f(2)", ["x"], parts=True)) == "x**f(2)"


@pytest.mark.parametrize("text", ["½", "m^999999999", "m**(1/0)", "m" * 101, "m^" + "9" * 90, "((((" * 25, "m^٣"])
def test_units_that_are_too_much(text: str) -> None:
    with pytest.raises((UnitSyntaxError, ValueError)):
        parse_unit(text)


def refusal(request: pb.CreateJobRequest) -> str:
    limits = Limits.of(Settings(data_dir=Path("unused"), max_rows=1000, max_columns=20))
    with pytest.raises(errors.ServiceError) as raised:
        validated(request, Body.of(request), limits, "")
    return raised.value.message


def problem(**columns: Sequence[float]) -> pb.CreateJobRequest:
    request = pb.CreateJobRequest()
    for name, values in columns.items():
        request.problem.table.columns.add(name=name, packed_values=struct.pack(f"<{len(values)}d", *values))
    request.problem.table.target = "y"
    return request


RISING = [float(i) for i in range(1, 13)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_refused(value: float) -> None:
    assert "table.columns" in refusal(problem(x=[*RISING, value], y=[*RISING, 1.0]))


def test_a_column_of_many_rows_is_refused_before_it_is_read() -> None:
    request = problem(y=RISING)
    request.problem.table.columns.add(name="x", packed_values=bytes(8 * 1001))
    assert "1001 rows" in refusal(request)


def test_many_columns_are_refused() -> None:
    assert "21 columns" in refusal(problem(**{f"x{i}": RISING for i in range(20)}, y=RISING))


def test_counts_at_the_ends_of_their_types_are_refused() -> None:
    request = problem(x=RISING, y=RISING)
    request.problem.options.max_complexity = 2**32 - 1
    assert "max_complexity" in refusal(request)
    request.problem.options.ClearField("max_complexity")
    request.problem.options.budget.seconds = 2**63 - 1
    request.problem.options.budget.nanos = 2**31 - 1
    assert "budget" in refusal(request)
    request.problem.options.budget.seconds = -(2**63)
    assert "budget" in refusal(request)


@pytest.mark.parametrize("kind", ["table", "curves", "trajectories"])
def test_observations_without_columns_are_refused(kind: str) -> None:
    request = pb.CreateJobRequest()
    observations = getattr(request.problem, kind)
    if kind != "table":
        observations.runs.append("a")
    observations.inputs.append("x")
    assert f"{kind}.columns" in refusal(request)


def everything(names: Sequence[str]) -> Sequence[str]:
    return list(names)


@pytest.mark.parametrize(
    "data",
    [
        b"x,y\n1,2\n3,4,5\n",
        b"x,y\n1,\xff\n",
        b"x,y\n1,nan\n",
        b"x,y\n1,1_0\n",
        b"x,y\n1,1e999\n",
        b"x,y\n1,\x00\n",
        b"x,x\n1,2\n",
        b'x,y\n1,"' + b"9" * 200_000 + b'"\n',
        b"",
        b"\xef\xbb\xbf",
        b"#" * 100_000,
    ],
    ids=lambda data: repr(data[:16]),
)
def test_tables_that_are_none(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_delimited(io.BytesIO(data), "the file", everything)


def test_a_cell_of_a_curve_may_go_over_lines(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text('run,step,loss\na,1,"2\n"\nb,2,1.5\n')
    table = read_text_table(str(path), "loss")
    assert (table.columns["loss"], table.places) == (["2", "1.5"], ["line 3", "line 4"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("curve.csv", 'step,loss\n1,"' + "9" * 200_000 + '"\n'),
        ("curve.csv", "step,loss\n1,2\n3\n"),
        ("curve.csv", "step,step\n1,2\n"),
        ("curve.jsonl", "[" * 100_000),
        ("curve.jsonl", '{"loss": ' + "9" * 10_000 + "}"),
        ("curve.jsonl", '{"loss": 1}\n[1]\n'),
        ("curve.jsonl", '{"loss": 1}\n{'),
    ],
    ids=lambda text: text[:16],
)
def test_curves_that_are_none(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidRequest):
        read_text_table(str(tmp_path / name), "loss")


@pytest.mark.parametrize("data", [struct.pack("<BI", 99, 1) + b"x", struct.pack("<BI", 0, 0)])
def test_a_frame_of_an_unknown_kind_is_none(data: bytes) -> None:
    with pytest.raises(frames.BrokenFrameError, match="kind"):
        frames.read(io.BytesIO(data))


@pytest.mark.parametrize("payload", [b"\x01", struct.pack("<I", 9) + b"short", struct.pack("<I", 2**32 - 1)])
def test_a_payload_that_ends_early_has_no_parts(payload: bytes) -> None:
    with pytest.raises(frames.BrokenFrameError, match="ends within"):
        frames.parted(payload)


@pytest.mark.parametrize(
    "header", [b"[]", b"{}", b'{"shapes": 1}', b'{"shapes": [[-1]]}', b'{"shapes": [[1e3]]}', b"[" * 5000,
               b'{"shapes": [[9999999999, 9999999999]]}', b'{"shapes": [true]}', b"\xff"],
)  # fmt: skip
def test_an_engine_s_frame_with_a_wrong_header_is_none(header: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_frame(io.BytesIO(struct.pack(">I", len(header)) + header + bytes(64)))
