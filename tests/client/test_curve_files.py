"""Files of curves: what each form becomes, and what is said of those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansatz.client import InvalidRequest
from ansatz.client.cli.files.curves import CurveFile

ROWS = [(step, 2 + 3 / step) for step in range(1, 7)]


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def read(source: str, **about: Any) -> tuple[dict[str, Any], int]:
    return CurveFile(source, "loss", **about).arguments()


def test_long_form_with_runs(tmp_path: Path) -> None:
    lines = [f"{run},{step},{value}" for run in ("a", "b") for step, value in ROWS]
    source = written(tmp_path, "runs.csv", "name,step,loss\n" + "\n".join(lines))
    found, left_out = read(source, run="name", roles=["S=step"])
    assert list(found["columns"]) == ["loss", "step"]
    assert list(found["columns"]["step"]) == [1, 2, 3, 4, 5, 6] * 2
    assert found["run"] == ["a"] * 6 + ["b"] * 6
    assert found["roles"] == {"S": "step"}
    assert left_out == 0


def test_a_plain_file_of_steps_and_values(tmp_path: Path) -> None:
    found, _ = read(written(tmp_path, "log.txt", "\n".join(f"{s},{v}" for s, v in ROWS)))
    assert list(found["columns"]["step"]) == [1, 2, 3, 4, 5, 6]
    assert found["columns"]["loss"][1] == 3.5


def test_a_column_for_each_size(tmp_path: Path) -> None:
    source = written(tmp_path, "wide.csv", "step,1e6,1e8\n10,5,4\n100,4,3\n1000,3.5,\n")
    found, left_out = read(source, wide="N")
    assert list(found["columns"]["N"]) == [1e6, 1e8, 1e6, 1e8, 1e6]
    assert list(found["columns"]["loss"]) == [5, 4, 4, 3, 3.5]
    assert left_out == 1


def test_json_lines_leave_out_lines_without_the_value(tmp_path: Path) -> None:
    lines = ['{"step": 1, "loss": 3.0, "note": "warm"}', '{"step": 2, "lr": 0.1}', '{"step": 3, "loss": 2.5}']
    found, left_out = read(written(tmp_path, "log.jsonl", "\n".join(lines)))
    assert list(found["columns"]["step"]) == [1, 3]
    assert list(found["columns"]) == ["loss", "step"]
    assert left_out == 1


@pytest.mark.parametrize(
    ("name", "text", "about", "field", "word"),
    [
        ("a.csv", "step,loss\n1,x\n", {}, "curves.columns['loss']", "line 2 is 'x'"),
        ("a.csv", "step,value\n1,2\n", {}, "curves.target", "'loss' is no column"),
        ("a.csv", "step,loss\n1,2\n", {"run": "name"}, "curves.runs", "'name' is no column"),
        ("a.csv", "step,loss\n1,2,3\n", {}, "data", "line 2"),
        ("a.csv", "step,loss\n1,2\n", {"wide": "N"}, "--wide", "headed by numbers"),
        ("a.csv", "step,loss\n1,2\n", {"roles": ["N"]}, "--role[0]", "such as N=params"),
        ("a.jsonl", "[1]\n", {}, "data", "no JSON object"),
        ("a.csv", "", {}, "data", "is empty"),
    ],
)
def test_files_that_are_refused(  # noqa: PLR0917
    tmp_path: Path, name: str, text: str, about: dict[str, Any], field: str, word: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(written(tmp_path, name, text), **about)
    violation = caught.value.violations[0]
    assert violation.field == field
    assert word in violation.description


def test_tensorboard_events(tmp_path: Path) -> None:
    writer = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    pytest.importorskip("tensorboard.compat.proto.event_pb2")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    for run in ("a", "b"):
        events = writer.EventFileWriter(str(tmp_path / run))
        for step, value in ROWS:
            summary = Summary(value=[Summary.Value(tag="loss", simple_value=value)])
            events.add_event(Event(step=step, summary=summary))
        events.close()
    found, _ = read(str(tmp_path))
    assert sorted(set(found["run"])) == ["a", "b"]
    assert list(found["columns"]["step"]) == [1, 2, 3, 4, 5, 6] * 2


def test_tensorboard_events_without_its_package(tmp_path: Path) -> None:
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        source = written(tmp_path, "events.out.tfevents.1", "")
        with pytest.raises(InvalidRequest, match="pip install tensorboard"):
            read(source)
