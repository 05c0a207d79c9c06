"""One real server, shared by the tests of the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansatz.client import Client
from ansatz.client.cli.servers.private_server import server_address


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with server_address(None) as address:
        yield address


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    with Client(server) as client:
        yield client
