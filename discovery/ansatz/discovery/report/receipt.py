"""What it takes to repeat a result."""

from __future__ import annotations

import platform
from dataclasses import fields
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from ansatz.discovery.asked.options import Engine, Options

_PACKAGES = ("ansatz", "numpy", "scipy", "sympy")
_ENGINE_PACKAGE = {Engine.PYSR: "pysr", Engine.OPERON: "pyoperon"}


@cache
def package_version(name: str) -> str:
    """Return version of an installed package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def versions(engine: Engine) -> dict[str, str]:
    """Return versions of what computes a result with this engine, by name."""
    names = [*_PACKAGES, *([_ENGINE_PACKAGE[engine]] if engine in _ENGINE_PACKAGE else [])]
    return {"python": platform.python_version(), **{n: v for n in names if (v := package_version(n))}}


def options_in_force(options: Options, engine: Engine) -> dict[str, str]:
    """Return the options as text, defaults filled in, with the engine that `auto` resolved to."""
    shown = {f.name: getattr(options, f.name) for f in fields(options) if f.name != "seed"}
    shown["engine"] = engine
    return {name: _text(value) for name, value in shown.items()}


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)
