"""Whether a Julia runtime with PySR's packages is there, read from what juliacall and juliapkg leave on disk.

Nothing is imported, run or downloaded: importing pysr would start an installation where there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGES: Final = ("SymbolicRegression", "PythonCall")
_META_VERSION: Final = 8  # juliapkg 0.1.2x; another format is resolved anew, which needs the network


class JuliaMissing(Exception):
    """Tell that there is no usable Julia; the message says what is missing."""


@dataclass(frozen=True)
class JuliaRuntime:
    """Name a Julia executable, the project that holds PySR's packages, and the SymbolicRegression.jl there."""

    executable: Path
    project: Path
    symbolic_regression: str


def find_julia() -> JuliaRuntime:
    """Return the runtime that importing pysr would start. Raises JuliaMissing where that would first install one."""
    executable, project = _given() or _recorded()
    versions = _manifest_versions(project)
    for package in PACKAGES:
        if package not in versions:
            raise JuliaMissing(f"the Julia project {project} does not hold {package}")
        if not any((depot / "packages" / package).is_dir() for depot in _depots()):
            raise JuliaMissing(f"the Julia package {package} is recorded in {project} but its files are gone")
    return JuliaRuntime(executable, project, versions["SymbolicRegression"])


def _given() -> tuple[Path, Path] | None:
    """Return executable and project where the environment names them for juliacall (then juliapkg is not asked)."""
    executable, project = os.environ.get("PYTHON_JULIACALL_EXE"), os.environ.get("PYTHON_JULIACALL_PROJECT")
    if executable is None and project is None:
        return None
    if executable is None or project is None:
        raise JuliaMissing("PYTHON_JULIACALL_EXE and PYTHON_JULIACALL_PROJECT must be set together")
    found = shutil.which(executable)
    if found is None:
        raise JuliaMissing(f"PYTHON_JULIACALL_EXE={executable} is no executable")
    return Path(found), Path(project)


def _recorded() -> tuple[Path, Path]:
    """Return executable and project that juliapkg recorded when it last resolved."""
    project = _project()
    try:
        meta = json.loads((project / "pyjuliapkg" / "meta.json").read_text(encoding="utf-8"))
        executable, version = Path(meta["executable"]), meta["meta_version"]
    except FileNotFoundError:
        raise JuliaMissing(f"no Julia is set up for this Python (looked in {project})") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise JuliaMissing(f"the record of the Julia set-up in {project} cannot be read") from None
    if version != _META_VERSION:
        raise JuliaMissing(f"the Julia set-up in {project} was made by another version of juliapkg")
    if not os.access(executable, os.X_OK):
        raise JuliaMissing(f"the recorded Julia {executable} is gone")
    return executable, project


def _project() -> Path:
    """Return where juliapkg keeps its Julia project: as its state.py decides."""
    if given := os.environ.get("PYTHON_JULIAPKG_PROJECT"):
        return Path(given)
    prefix = sys.prefix if sys.prefix != sys.base_prefix else os.environ.get("CONDA_PREFIX")
    return Path(prefix).absolute() / "julia_env" if prefix else _depots()[0] / "environments" / "pyjuliapkg"


def _depots() -> tuple[Path, ...]:
    given = [Path(p) for p in os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep) if p]
    return tuple(given) or (Path.home() / ".julia",)


def _manifest_versions(project: Path) -> dict[str, str]:
    """Return versions of the packages in the project's newest manifest."""
    manifests = [path for name in ("JuliaManifest", "Manifest") for path in sorted(project.glob(f"{name}*.toml"))]
    if not manifests:
        raise JuliaMissing(f"the Julia project {project} has no manifest: its packages are not installed")
    try:
        with max(manifests, key=lambda path: path.stat().st_mtime).open("rb") as file:
            dependencies = tomllib.load(file).get("deps", {})
        return {name: str(entries[0].get("version", "")) for name, entries in dependencies.items()}
    except (OSError, ValueError, AttributeError, LookupError):
        raise JuliaMissing(f"the manifest of the Julia project {project} cannot be read") from None
