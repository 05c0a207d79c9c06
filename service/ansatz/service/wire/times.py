"""Durations, in seconds."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration


def duration_of(seconds: float) -> Duration:
    """Return the message for a time in seconds, to the nanosecond."""
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def seconds_of(message: Duration) -> float:
    """Return the seconds of a message."""
    return message.ToNanoseconds() / 1e9
