"""Every way for a command to end without a result: the message, the JSON object and the exit status."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.views.flags import in_flags, shown
from ansatz.client.cli.views.json_output import failure_object, interrupted_object
from ansatz.client.errors import AlreadyExists, AnsatzError, InvalidRequest, NotFound, ServerError

FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

_CALLERS_FAULT = (InvalidRequest, NotFound, AlreadyExists)


def status_of(error: AnsatzError) -> int:
    """Return the exit status for an error."""
    return BAD_INPUT if isinstance(error, _CALLERS_FAULT) else FAILED


@contextmanager
def reported(output: Output) -> Iterator[Output]:
    """Turn an error of the commands inside into a message, with JSON an object, and an exit status.

    Gives the output, once it is known that it can be written: before any work, not after it.
    """
    import typer

    try:
        output.check()
        yield output
    except AnsatzError as error:
        raise typer.Exit(_report(error, output)) from None
    except KeyboardInterrupt:
        say("interrupted")
        output.failure(interrupted_object())
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # a fault of ours: scripts get their object, people the trace to send us
        traceback.print_exc()
        raise typer.Exit(_report(ServerError(f"{type(error).__name__}: {error}", reason="INTERNAL"), output)) from None


def report_unusable(error: InvalidRequest, arguments: Sequence[str]) -> int:
    """Report that the command line itself cannot be used; return the exit status."""
    as_json = "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
    return _report(error, Output(Format.JSON if as_json else Format.TABLE))


def say(message: str) -> None:
    """Print a line for people, on standard error."""
    print(message, file=sys.stderr, flush=True)


def _report(error: AnsatzError, output: Output) -> int:
    status = status_of(error)
    violations = error.violations if isinstance(error, InvalidRequest) else ()
    for line in list(map(shown, violations)) or [in_flags(error.message)]:
        say(f"error: {line}")
    output.failure(failure_object(error, invalid=status == BAD_INPUT))
    return status
