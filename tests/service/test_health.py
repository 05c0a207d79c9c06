"""The health check of containers: `python -m ansatz.service.health`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

if TYPE_CHECKING:
    from tests.service.conftest import StartServer


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "ansatz.service.health"]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["plain", "tls", "mutual"])
def test_a_server_is_asked_as_its_settings_say(start_server: StartServer, tmp_path: Path, transport: str) -> None:
    authority = trustme.CA()
    # A name that this machine does not have.
    certificate = authority.issue_cert("ansatz.example.org")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    files = {} if transport == "plain" else {"tls_cert": "cert.pem", "tls_key": "key.pem"}
    files |= {"tls_client_ca": "ca.pem"} if transport == "mutual" else {}
    flags = [word for name, file in files.items() for word in (f"--{name.replace('_', '-')}", str(tmp_path / file))]
    variables = {f"ANSATZ_{name.upper()}": str(tmp_path / file) for name, file in files.items()}
    with start_server(tmp_path / "data", *flags) as server:
        for _ in range(30):
            done = check(ANSATZ_LISTEN=server.address, **variables)
            if done.returncode == 0:
                break
            assert done.stderr.strip() == "NOT_SERVING"
        assert done.returncode == 0


def test_no_server_is_not_healthy() -> None:
    done = check(ANSATZ_LISTEN="127.0.0.1:1")
    assert done.returncode == 1
    assert "no answer" in done.stderr


def test_settings_may_come_from_files_of_secrets(tmp_path: Path) -> None:
    (tmp_path / "ansatz_listen").write_text("127.0.0.1")
    done = check(ANSATZ_SECRETS_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "is no address" in done.stderr
