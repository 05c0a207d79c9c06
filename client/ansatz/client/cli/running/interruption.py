"""Interruptions by signals: raised at once, and raised again where somebody swallowed that."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_heard: list[int] = []


def heed() -> None:
    """Raise KeyboardInterrupt on SIGINT and SIGTERM.

    Also where the parent ignores SIGINT, as shells do for background jobs; SIGTERM keeps the partial result too.
    """
    for number in _SIGNALS:
        signal.signal(number, _raise)


def raise_if_lost() -> None:
    """Raise KeyboardInterrupt if a signal came before: the exception of a callback or finaliser is only printed."""
    if _heard:
        raise KeyboardInterrupt


def _raise(number: int, frame: FrameType | None) -> None:
    _heard.append(number)
    raise KeyboardInterrupt
