"""--plot: a picture of the best candidate."""

from __future__ import annotations

from pathlib import Path

from ansatz.client.cli.printing import failures
from ansatz.client.errors import AnsatzError, InvalidRequest
from ansatz.client.job_handle import JobHandle

_FORMATS = (".svg", ".png")


def check(path: Path) -> None:
    """Raise InvalidRequest where the file cannot be written: before a search, not after it."""
    if path.suffix.lower() not in _FORMATS:
        raise InvalidRequest.of("--plot", f"is {str(path)!r}; name a file that ends in .svg or .png")
    if not path.parent.is_dir():
        raise InvalidRequest.of("--plot", f"{str(path.parent)!r} is no folder; make it or name another")


def write(job: JobHandle, path: Path) -> None:
    """Write the picture; a failure is told and costs nothing else."""
    try:
        path.write_bytes(job.plot(format=path.suffix.lower()[1:]))
    except (AnsatzError, OSError) as error:
        failures.say(f"error: --plot: {error}")
