"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """What was found, and what to do where it is not all right."""

    name: str
    status: Status
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, Status.OK, found)


def warning(name: str, found: str, remedy: str) -> Check:
    return Check(name, Status.WARNING, found, remedy)


def failed(name: str, found: str, remedy: str) -> Check:
    return Check(name, Status.FAILED, found, remedy)
