"""What the log tells, and what it never does."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import psutil
import pytest

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import observations_pb2, problem_pb2
from tests.service.conftest import column

if TYPE_CHECKING:
    from tests.service.conftest import Refused, StartServer

SECRETS = ("98765.4321", "zeta_secret", "label_secret")
"""A value, the name of a column, and a name in a formula."""


def token_of(file: Path, caller: str) -> str:
    command = [sys.executable, "-m", "ansatz.service.access.tokens", "new", caller, "--file", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def secret_table() -> observations_pb2.Table:
    z = [98765.4321 + i for i in range(20)]
    columns = [column("zeta_secret", z), column("y", [98765.4321 * v for v in z])]
    return observations_pb2.Table(columns=columns, target="y")


def test_lines_about_jobs_name_job_and_caller_and_none_holds_data_or_tokens(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, refused: Refused,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    token = token_of(tmp_path / "tokens", "alice")
    alice = (("authorization", f"Bearer {token}"),)
    flags = ["--tokens", str(tmp_path / "tokens"), "--log-format", "json", "--log-level", "debug"]
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE, ansatz="98765.4321*zeta_secret*label_secret")
    good = pb.CreateJobRequest(problem=problem_pb2.Problem(table=secret_table(), options=options), request_id="seen")
    bad = pb.CreateJobRequest(problem=problem_pb2.Problem(table=secret_table()))
    bad.problem.options.ansatz = "98765.4321*label_secret)"
    with start_server(tmp_path / "data", *flags) as server:
        stub = server.stub
        name = stub.CreateJob(good, metadata=alice, timeout=60).job.name
        list(stub.WatchJob(pb.WatchJobRequest(name=name), metadata=alice, timeout=120))
        assert refused(lambda: stub.CreateJob(bad, metadata=alice)).code == grpc.StatusCode.INVALID_ARGUMENT
        wrong = (("authorization", f"Bearer {token}98765.4321"),)
        assert refused(lambda: stub.CreateJob(good, metadata=wrong)).code == grpc.StatusCode.UNAUTHENTICATED
        evaluation = pb.EvaluateFormulaRequest(formula="98765.4321*zeta_secret", table=secret_table())
        stub.EvaluateFormula(evaluation, metadata=alice, timeout=120)
        evaluation.formula += "*label_secret"
        refused(lambda: stub.EvaluateFormula(evaluation, metadata=alice, timeout=60))
        searching = stub.CreateJob(long_search, metadata=alice, timeout=60).job.name
        events = stub.WatchJob(pb.WatchJobRequest(name=searching), metadata=alice, timeout=60)
        next(e for e in events if e.event.WhichOneof("event") == "front")
        [worker] = server.workers("search")
        worker.kill()
        psutil.wait_procs([worker], timeout=30)
        stub.CancelJob(pb.CancelJobRequest(name=searching), metadata=alice, timeout=60)
        stub.DeleteJob(pb.DeleteJobRequest(name=searching), metadata=alice, timeout=60)
        # A fault of the server: the database's message would quote what it was to store.
        with sqlite3.connect(tmp_path / "data" / "jobs.db") as connection:
            connection.execute("ALTER TABLE problems RENAME TO elsewhere")
        good.request_id = ""
        assert refused(lambda: stub.CreateJob(good, metadata=alice)).code == grpc.StatusCode.INTERNAL
    log = capfd.readouterr().err
    assert not [secret for secret in (*SECRETS, token, token[10:30]) if secret in log]
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]
    job_id = name.removeprefix("jobs/")
    about_the_job = {line["event"]: line for line in lines if line.get("job") == job_id}
    assert {"job queued", "job started", "job finished"} <= set(about_the_job)
    assert {line["caller"] for line in lines if "job" in line} == {"alice"}
    assert about_the_job["job queued"]["request_id"] == "seen"
    assert {"cancel asked", "job deleted"} <= {line["event"] for line in lines}
    [failed] = [line for line in lines if line["event"] == "request failed"]
    assert (failed["method"], failed["caller"]) == ("CreateJob", "alice")
    assert "no such table" in failed["exception"]
    assert not [line for line in lines if line["event"] in ("worker warm", "worker ended") and "caller" in line]
