"""Clients of a server that is guarded: tokens and encryption."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ansatz.client import AsyncClient, Client, Credentials, InvalidRequest, PermissionDenied
from tests.service.conftest import running_server

X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def token(folder: Path) -> str:
    command = [sys.executable, "-m", "ansatz.service.access.tokens", "new", "alice", "--file", str(folder / "tokens")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def address(folder: Path, token: str) -> Iterator[str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    flags = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    with running_server(folder / "data", *flags, "--tokens", str(folder / "tokens")) as server:
        yield server.address


def test_a_job_runs_with_a_token_over_tls(address: str, folder: Path, token: str) -> None:
    with Client(address, credentials=Credentials(token=token, ca=folder / "ca.pem")) as client:
        events: list[object] = []
        report = client.discover({"x": X}, [x * x for x in X], on_event=events.append, engine="none")
        assert report.best is not None
        assert report.best.formula == "x**2"
        assert events


def test_the_asyncio_client_does_the_same(address: str, folder: Path, token: str) -> None:
    async def run() -> str:
        async with AsyncClient(address, credentials=Credentials(token=token, ca=folder / "ca.pem")) as client:
            report = await client.discover({"x": X}, [x * x for x in X], on_event=lambda e: None, engine="none")
            return report.best.formula if report.best else ""

    assert asyncio.run(run()) == "x**2"


def test_the_environment_gives_credentials(
    address: str, folder: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSATZ_TOKEN", token)
    monkeypatch.setenv("ANSATZ_TLS_CA", str(folder / "ca.pem"))
    with Client(address) as client:
        assert client.server_info().version


def test_a_wrong_token_is_told(address: str, folder: Path) -> None:
    with Client(address, credentials=Credentials(token="wrong", ca=folder / "ca.pem")) as client:
        with pytest.raises(PermissionDenied) as refused:
            client.server_info()
        assert refused.value.reason == "TOKEN_UNKNOWN"


def test_a_wrong_authority_is_told_and_not_retried(address: str, tmp_path: Path, token: str) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with Client(address, credentials=Credentials(token=token, ca=tmp_path / "other.pem")) as client:
        with pytest.raises(PermissionDenied) as refused:
            client.submit({"x": X}, X, engine="none")
        assert refused.value.reason == "TLS_FAILED"


def test_credentials_that_cannot_be_right_are_refused(tmp_path: Path) -> None:
    for wrong in ({"token": "two words"}, {"certificate": tmp_path}):
        with pytest.raises(InvalidRequest):
            Credentials(**wrong)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        Client("localhost:1", credentials=Credentials(ca=tmp_path / "absent.pem"))
    assert "secret" not in repr(Credentials(token="secret"))
