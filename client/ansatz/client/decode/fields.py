"""Fields of messages that may be unset."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message


def optional(message: Message, field: str) -> Any:
    """The value of a field, None where it is unset."""
    return getattr(message, field) if message.HasField(field) else None
