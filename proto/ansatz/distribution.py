"""What this software is called where it is installed. All packages may import this module, and it imports none of them.

The name on an index of packages is not the name of the import: `ansatz` on PyPI is another project.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Final

NAME: Final = "ansatz-discovery"


def requirement(*extras: str) -> str:
    """Return what to ask an installer for, for example ``ansatz-discovery[server,tracing]``."""
    return f"{NAME}[{','.join(extras)}]" if extras else NAME


def install(*extras: str) -> str:
    """Return the command that installs these extras."""
    return f"pip install '{requirement(*extras)}'"


@cache
def version(package: str = NAME) -> str:
    """Return the version of an installed package; empty where it is not installed, but run from its source."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
