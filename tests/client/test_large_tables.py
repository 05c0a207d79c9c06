"""Tables that are larger than a message of the server: users need not know."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ansatz.client import AsyncClient, Client, InvalidRequest
from ansatz.client.cli.app import app
from tests.service.conftest import running_server

ROWS = 90_000


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that takes messages of 1 MiB and uploads of 3 MiB."""
    flags = ["--max-message-mib", "1", "--max-upload-mib", "3"]
    with running_server(tmp_path_factory.mktemp("narrow"), *flags) as server:
        yield server.address


def line(rows: int) -> tuple[dict[str, list[float]], list[float]]:
    """y = 3*x of so many rows, 16 bytes each."""
    x = [1 + math.sin(i) / 2 for i in range(rows)]
    return {"x": x}, [3 * value for value in x]


def test_a_table_larger_than_a_message_is_searched(narrow: str) -> None:
    X, y = line(ROWS)
    with Client(narrow) as client:
        assert client.discover(X, y, engine="none", budget=20).candidates[0].formula == "3*x"
        job = client.submit(X, y, engine="none", request_id="the same")
        assert client.submit(X, y, engine="none", request_id="the same").id == job.id


def test_also_by_the_asyncio_client(narrow: str) -> None:
    async def discover() -> str:
        async with AsyncClient(narrow) as client:
            X, y = line(ROWS)
            report = await client.discover(X, y, engine="none", budget=20)
            return report.candidates[0].formula

    assert asyncio.run(discover()) == "3*x"


def test_also_on_the_command_line(narrow: str, tmp_path: Path) -> None:
    X, y = line(ROWS)
    rows = "".join(f"{a!r},{b!r}\n" for a, b in zip(X["x"], y, strict=True))
    (tmp_path / "data.csv").write_text(f"x,y\n{rows}")
    command = ["discover", str(tmp_path / "data.csv"), "--target", "y", "--engine", "none", "--server", narrow]
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 0
    assert "3*x" in ended.stdout


def test_a_table_larger_than_an_upload_is_refused_before_it_is_sent(narrow: str) -> None:
    X, y = line(3 * ROWS)
    with Client(narrow) as client, pytest.raises(InvalidRequest, match="fewer rows"):
        client.submit(X, y)
