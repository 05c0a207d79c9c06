"""Labels of groups and runs: whoever sends them, and whatever the rows are, two are one exactly where the values are
equal."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from typer.testing import CliRunner

from ansatz.client import Client, InvalidRequest
from ansatz.client.cli.app import app
from ansatz.discovery import Curves, Table, Trajectories
from ansatz.discovery.data.table import Groups
from ansatz.service.wire.problem import problem_from_proto
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import problem_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceServicer, add_DiscoveryServiceServicer_to_server

ROWS_EACH = 12
BIG = 2**60


class Recorder(DiscoveryServiceServicer):
    """Keeps the last problem, and refuses it."""

    def __init__(self) -> None:
        self.problem = problem_pb2.Problem()

    def CreateJob(self, request: pb.CreateJobRequest, context: grpc.ServicerContext) -> pb.CreateJobResponse:  # noqa: N802
        self.problem.CopyFrom(request.problem)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "recorded")

    def labels(self) -> list[str]:
        """What the server calls the groups, or the runs, in order of appearance."""
        observations, _ = problem_from_proto(self.problem)
        if isinstance(observations, Table):
            return list(Groups.of(observations.column(observations.group)).labels)
        assert isinstance(observations, Curves | Trajectories)
        return list(dict.fromkeys(observations.runs))


@pytest.fixture(scope="module")
def recorder() -> Iterator[tuple[Recorder, str]]:
    server, servicer = grpc.server(ThreadPoolExecutor(1)), Recorder()  # type: ignore[abstract]
    add_DiscoveryServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer, f"127.0.0.1:{port}"
    server.stop(None)


def columns(labels: Any) -> dict[str, Any]:
    """Rows that are a table, curves and a motion at once."""
    n = len(labels)
    times = [float(i % ROWS_EACH) for i in range(n)]
    return {"t": times, "x": [1 + 0.1 * t + 0.01 * i for i, t in enumerate(times)], "own": labels}


def submit_table(client: Client, labels: Any) -> None:
    client.submit(columns(labels), "x", group="own")


def submit_curves(client: Client, labels: Any) -> None:
    client.submit_curves(columns(labels), "x", run="own")


def submit_motion(client: Client, labels: Any) -> None:
    client.submit_motion(columns(labels), "t", ["x"], runs="own")


KINDS = {"table": submit_table, "curves": submit_curves, "motion": submit_motion}
FLAGS = {
    "table": ["--target", "x", "--group", "own"],
    "curves": ["--kind", "curve", "--target", "x", "--group", "own"],
    "motion": ["--time", "t", "--states", "x", "--group", "own"],
}
LABELS: dict[str, tuple[Sequence[Any], list[str]]] = {
    "whole numbers": ([1234567, 1234568], ["1234567", "1234568"]),
    "whole floats": ([1234567.0, 1234568.0], ["1234567", "1234568"]),
    "numbers that float64 does not tell apart": ([BIG + 1, BIG + 2], ["1152921504606846977", "1152921504606846978"]),
    "large numbers": ([10**15, 10**15 + 1], ["1000000000000000", "1000000000000001"]),
    "floats": ([0.1, 0.1 + 2**-55], ["0.1", "0.10000000000000003"]),
    "a float and a whole number": ([1, 0.5], ["1", "0.5"]),
    "negative": ([-1.0, 1.0], ["-1", "1"]),
    "scalars of numpy": ([np.int64(BIG + 1), np.int64(BIG + 2)], ["1152921504606846977", "1152921504606846978"]),
    "small scalars of numpy": ([np.int32(7), np.float64(7.5)], ["7", "7.5"]),
    "text": (["run 1", "run 2"], ["run 1", "run 2"]),
    "text that holds numbers": (["1", "01"], ["1", "01"]),
    "text of numpy": ([np.str_("u"), np.str_("v")], ["u", "v"]),
    "text with commas and signs": (["a,b", "é=1"], ["a,b", "é=1"]),
    "truth values": ([True, False], ["True", "False"]),
}


def repeated(pair: Sequence[Any]) -> list[Any]:
    return [label for label in pair for _ in range(ROWS_EACH)]


@pytest.mark.parametrize("submit", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("pair", "expected"), LABELS.values(), ids=LABELS)
def test_labels_of_every_kind_arrive_as_they_are_written(
    recorder: tuple[Recorder, str], submit: Callable[[Client, Any], None], pair: Sequence[Any], expected: list[str]
) -> None:
    servicer, address = recorder
    for labels in (repeated(pair), np.array(repeated(pair)), tuple(repeated(pair))):
        with Client(address) as client, pytest.raises(InvalidRequest, match="recorded"):
            submit(client, labels)
        assert servicer.labels() == expected


@pytest.mark.parametrize("submit", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    "pair",
    [["1", 1], [1, "1"], ["u", None], [None, "u"], [1.0, float("nan")], ["u", float("nan")], [[1], [2]]],
    ids=str,
)
def test_what_is_no_label_is_refused(
    recorder: tuple[Recorder, str], submit: Callable[[Client, Any], None], pair: list[Any]
) -> None:
    with Client(recorder[1]) as client, pytest.raises(InvalidRequest, match="give"):
        submit(client, repeated(pair))


@pytest.mark.parametrize("kind", FLAGS)
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1234567", "1234568"], ["1234567", "1234568"]),
        ([str(BIG + 1), str(BIG + 2)], [str(BIG + 1), str(BIG + 2)]),
        (["0.1", "0.2"], ["0.1", "0.2"]),
        (["1.0", "2"], ["1", "2"]),
        (["run 1", "2"], ["run 1", "2"]),
        (["1_0", "10"], ["1_0", "10"]),
    ],
    ids=str,
)
def test_labels_of_files_arrive_alike(
    recorder: tuple[Recorder, str], tmp_path: Path, kind: str, cells: list[str], expected: list[str]
) -> None:
    servicer, address = recorder
    file = tmp_path / "data.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        table = columns(repeated(cells))
        writer.writerows([table.keys(), *zip(*table.values(), strict=True)])
    servicer.problem.Clear()
    ended = CliRunner().invoke(app, ["discover", str(file), *FLAGS[kind], "--server", address])
    assert ended.exit_code == 2, ended.output
    assert servicer.labels() == expected
