"""What it takes to repeat a result."""

from __future__ import annotations

import platform
from dataclasses import fields
from enum import Enum

from ansatz import distribution
from ansatz.discovery.asked.options import Engine, Options

_PACKAGES = ("numpy", "scipy", "sympy")
_ENGINE_PACKAGE = {Engine.PYSR: "pysr", Engine.OPERON: "pyoperon"}


def versions(engine: Engine) -> dict[str, str]:
    """Return the versions of what computes a result with this engine, by name; of this software by that of its
    import, `ansatz`."""
    names = [*_PACKAGES, *([_ENGINE_PACKAGE[engine]] if engine in _ENGINE_PACKAGE else [])]
    found = {"ansatz": distribution.version(), **{name: distribution.version(name) for name in names}}
    return {"python": platform.python_version(), **{name: version for name, version in found.items() if version}}


def options_in_force(options: Options, engine: Engine) -> dict[str, str]:
    """Return the options as text, defaults filled in, with the engine that `auto` resolved to."""
    shown = {f.name: getattr(options, f.name) for f in fields(options) if f.name != "seed"}
    shown["engine"] = engine
    return {name: _text(value) for name, value in shown.items()}


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)
