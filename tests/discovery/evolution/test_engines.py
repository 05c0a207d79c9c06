"""Which engine runs, and what is said where one cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansatz.discovery.asked.options import Engine
from ansatz.discovery.errors import EngineNotReadyError
from ansatz.discovery.search.evolution import engine_statuses, resolve, searcher


@pytest.fixture
def no_julia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which juliapkg has set up nothing."""
    for name in ("PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    project = tmp_path / "julia_env"
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(project))
    monkeypatch.setenv("JULIA_DEPOT_PATH", str(tmp_path / "depot"))
    return project


@pytest.fixture
def set_up_julia(no_julia: Path) -> Path:
    """The files that juliapkg and Julia leave after a set-up."""
    executable = no_julia.parent / "julia"
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    (no_julia / "pyjuliapkg").mkdir(parents=True)
    meta = {"meta_version": 8, "executable": str(executable), "version": "1.10.8"}
    (no_julia / "pyjuliapkg" / "meta.json").write_text(json.dumps(meta))
    (no_julia / "Manifest.toml").write_text(
        '[[deps.SymbolicRegression]]\nversion = "2.7.2"\n[[deps.PythonCall]]\nversion = "0.9.36"\n'
    )
    for package in ("SymbolicRegression", "PythonCall"):
        (no_julia.parent / "depot" / "packages" / package).mkdir(parents=True)
    return no_julia


def pysr_ready() -> bool:
    (status,) = [s for s in engine_statuses() if s.engine is Engine.PYSR]
    return status.ready


@pytest.mark.usefixtures("no_julia")
def test_pysr_without_julia_names_the_command_that_installs_it() -> None:
    with pytest.raises(EngineNotReadyError) as raised:
        resolve(Engine.PYSR)
    assert str(raised.value).endswith("ansatz engines install pysr")
    assert not pysr_ready()


@pytest.mark.usefixtures("no_julia")
def test_auto_falls_back_to_what_is_ready() -> None:
    (operon,) = [s for s in engine_statuses() if s.engine is Engine.OPERON]
    assert resolve(Engine.AUTO) is (Engine.OPERON if operon.ready else Engine.NONE)


@pytest.mark.usefixtures("set_up_julia")
def test_auto_takes_pysr_where_julia_is_set_up() -> None:
    assert resolve(Engine.AUTO) is Engine.PYSR
    assert resolve(Engine.PYSR) is Engine.PYSR


@pytest.mark.parametrize("gone", ["julia", "julia_env/Manifest.toml", "julia_env/pyjuliapkg/meta.json"])
def test_half_a_set_up_is_not_ready(set_up_julia: Path, gone: str) -> None:
    (set_up_julia.parent / gone).unlink()
    assert not pysr_ready()


def test_packages_that_were_removed_are_noticed(set_up_julia: Path) -> None:
    (set_up_julia.parent / "depot" / "packages" / "SymbolicRegression").rmdir()
    assert not pysr_ready()


def test_a_julia_given_by_the_environment_is_used(set_up_julia: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_JULIACALL_EXE", str(set_up_julia.parent / "julia"))
    assert not pysr_ready()  # both or neither
    monkeypatch.setenv("PYTHON_JULIACALL_PROJECT", str(set_up_julia))
    assert pysr_ready()


def test_asking_imports_no_engine() -> None:
    code = (
        "import sys; from ansatz.discovery.search.evolution import engine_statuses; engine_statuses();"
        "print(*[m for m in ('pysr', 'juliacall', 'juliapkg', 'pyoperon', 'pandas', 'sklearn') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_none_has_no_searcher() -> None:
    assert resolve(Engine.NONE) is Engine.NONE
    assert searcher(Engine.NONE) is None


def test_installing_without_a_network_fails_and_says_what_it_takes(no_julia: Path) -> None:
    environment = {**os.environ, "PYTHON_JULIAPKG_OFFLINE": "yes", "PATH": "/nowhere"}
    command = [sys.executable, "-m", "ansatz.discovery.search.evolution", "pysr"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert "pkg.julialang.org" in done.stderr
    assert not (no_julia / "Manifest.toml").exists()
