"""What is asked of a server, apart from how it is sent: the blocking and the asyncio client ask the same."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """A call that has one answer.

    Attributes:
        method: its name
        request: what is sent; of a stream, the messages
        read: makes the result of the answer
        extra_seconds: what the server may take beyond the time limit of every call
        attached: is told once the server has the call, where the answer may be long in coming
    """

    method: str
    request: Message | Iterator[Message]
    read: Callable[[Any], T]
    extra_seconds: float = 0.0
    attached: Callable[[], None] | None = None


Flow = Generator[Call[Any] | float, Any, T]
"""Calls one after the other, and what comes of them.

It yields calls, and is sent their results or thrown their AnsatzErrors; and seconds to wait before it goes on.
"""
