"""--start and --bounds: what is known of the free constants of an ansatz."""

from __future__ import annotations

from collections.abc import Iterable

from ansatz.client.errors import InvalidRequest


def starts(texts: Iterable[str]) -> dict[str, float]:
    """Starting values by name, of texts such as "a=1"; a text may hold several, with commas between them."""
    return {name: _number("--start", text, value) for text, name, value in _assignments("--start", texts)}


def bounds(texts: Iterable[str]) -> dict[str, tuple[float | None, float | None]]:
    """Bounds by name, of texts such as "a=0:10" or "a=0:"."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for text, name, value in _assignments("--bounds", texts):
        low, colon, high = value.partition(":")
        if not colon:
            raise InvalidRequest.of("--bounds", f"is {text!r:.60}; give NAME=LOW:HIGH, one side may be empty")
        lower, upper = (_number("--bounds", text, side) if side.strip() else None for side in (low, high))
        found[name] = (lower, upper)
    return found


def _assignments(flag: str, texts: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    for text in (part for joined in texts for part in joined.split(",")):
        name, equals, value = text.partition("=")
        if not (equals and name.strip() and value.strip()):
            raise InvalidRequest.of(flag, f"is {text!r:.60}; give NAME=VALUE, such as a=1")
        yield text, name.strip(), value.strip()


def _number(flag: str, text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InvalidRequest.of(flag, f"is {text!r:.60}, and {value!r:.40} is no number") from None
