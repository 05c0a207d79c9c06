"""The record of one check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        status: ok, warning or failed.
        found: what was seen.
        remedy: what to do; empty where the check is ok.
    """

    name: str
    status: str
    found: str
    remedy: str = ""
