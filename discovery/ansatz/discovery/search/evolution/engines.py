"""Which evolutionary engines can run here, which one to use, and how to install what is missing."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ansatz import distribution
from ansatz.discovery.asked.options import Engine
from ansatz.discovery.errors import EngineNotReadyError
from ansatz.discovery.search.evolution.julia_runtime import JuliaMissing, find_julia

if TYPE_CHECKING:
    from ansatz.discovery.search.evolution.operon import Operon
    from ansatz.discovery.search.evolution.pysr import PySR
    from ansatz.discovery.search.protocol import SeededSearcher

INSTALL_PYSR: Final = "ansatz engines install pysr"
_CPU_FLAGS: Final = ("avx2", "fma")


@dataclass(frozen=True)
class EngineStatus:
    """Tell whether an engine can run on this machine; `detail` says what it would run on, or what is missing."""

    engine: Engine
    ready: bool
    detail: str


def engine_statuses() -> tuple[EngineStatus, ...]:
    """Return those of PySR and Operon, within milliseconds: no engine is imported, nothing is run or downloaded."""
    return _pysr_status(), _operon_status()


def resolve(engine: Engine) -> Engine:
    """Return the engine that will run: for AUTO PySR where it is ready, else Operon where it can run, else NONE.

    Raises EngineNotReadyError for an engine that was asked for by name and cannot run here.
    """
    if engine is Engine.NONE:
        return engine
    statuses = {s.engine: s for s in engine_statuses()}
    if engine is Engine.AUTO:
        return next((e for e in (Engine.PYSR, Engine.OPERON) if statuses[e].ready), Engine.NONE)
    if statuses[engine].ready:
        return engine
    raise EngineNotReadyError(f"The engine {engine.value} is not ready: {statuses[engine].detail}")


def searcher(engine: Engine) -> SeededSearcher | None:
    """Return the searcher of a resolved engine; None for NONE. It is the same at every call, so that it stays warm."""
    return None if engine is Engine.NONE else _searcher(engine)


def warm(engine: Engine) -> None:
    """Bring a resolved engine up, so that the first search need not wait for it; PySR goes on by itself meanwhile."""
    if engine is not Engine.NONE:
        _searcher(engine).warm()


@cache
def _searcher(engine: Engine) -> Operon | PySR:
    if engine is Engine.PYSR:
        from ansatz.discovery.search.evolution.pysr import PySR

        return PySR()
    if engine is Engine.OPERON:
        from ansatz.discovery.search.evolution.operon import Operon

        return Operon()
    raise ValueError(f"{engine} names no engine; resolve it first")


def install(engine: Engine) -> int:
    """Install what an engine needs on this machine, and return an exit status; output goes to this process's.

    For PySR: importing it once makes juliapkg fetch Julia and the packages (about 1 GB) and compile them: minutes.
    """
    if engine is not Engine.PYSR:
        print(f"The engine {engine.value} has nothing to install: {_detail(engine)}.", file=sys.stderr)
        return 0 if engine is Engine.NONE or _status(engine).ready else 1
    if importlib.util.find_spec("pysr") is None:
        print(f"The package pysr is not installed. Install it with: {distribution.install('server')}", file=sys.stderr)
        return 1
    print("Installing Julia and SymbolicRegression.jl; this takes some minutes.", file=sys.stderr, flush=True)
    status = subprocess.run([sys.executable, "-c", "import pysr"], check=False).returncode
    if status == 0 and (found := _pysr_status()).ready:
        print(f"PySR is ready: {found.detail}.", file=sys.stderr)
        return 0
    print(
        "PySR could not be installed; the reason stands above. It needs access to the Julia servers "
        "(julialang-s3.julialang.org, pkg.julialang.org, github.com) or, where the network does not allow that, "
        "a Julia set up by hand and named by PYTHON_JULIACALL_EXE and PYTHON_JULIACALL_PROJECT. Until then search "
        "with --engine operon or --engine none.",
        file=sys.stderr,
    )
    return 1


def _status(engine: Engine) -> EngineStatus:
    return next(s for s in engine_statuses() if s.engine is engine)


def _detail(engine: Engine) -> str:
    return "it stands for no engine" if engine in (Engine.AUTO, Engine.NONE) else _status(engine).detail


def _pysr_status() -> EngineStatus:
    if importlib.util.find_spec("pysr") is None:
        return EngineStatus(Engine.PYSR, False, "the package pysr is not installed")
    try:
        julia = find_julia()
    except JuliaMissing as missing:
        return EngineStatus(Engine.PYSR, False, f"{missing}; install it with: {INSTALL_PYSR}")
    return EngineStatus(
        Engine.PYSR, True, f"SymbolicRegression.jl {julia.symbolic_regression} in {julia.project}, {julia.executable}"
    )


def _operon_status() -> EngineStatus:
    if importlib.util.find_spec("pyoperon") is None:
        return EngineStatus(
            Engine.OPERON, False, "the package pyoperon is not installed (it exists for x86-64 Linux and Apple silicon)"
        )
    if missing := _missing_cpu_flags():
        return EngineStatus(Engine.OPERON, False, f"this processor lacks {', '.join(missing)}, which Operon needs")
    return EngineStatus(Engine.OPERON, True, "embedded")


@cache
def _missing_cpu_flags() -> tuple[str, ...]:
    """Return the instruction sets that Operon's wheel was compiled for and the processor does not report.

    Without them the import ends the process. Wheels are for x86-64 Linux and for Apple silicon, which has no choice.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return ()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return _CPU_FLAGS
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return tuple(flag for flag in _CPU_FLAGS if flag not in flags)
