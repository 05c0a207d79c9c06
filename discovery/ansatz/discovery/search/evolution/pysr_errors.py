"""What PySR's errors mean, in words without Julia's stack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MEANINGS: Final = (
    (r"UndefVarError: `?(\w+)`? not defined", "PySR knows no operator {0}"),
    (r"Unrecognized operator: `(\w+)`", "a guess uses {0}, which is not among the operators of the search"),
    (r"Variable `(\w+)` not found", "a guess uses {0}, which is no column"),
    (r"Unrecognized expression type", "a guess is no formula"),
    (r"Variable name (\w+) is already a function name", "PySR refuses the column name {0}; rename the column"),
    (r"Symbol (\w+) not found in `Units`", "PySR knows no unit {0}"),
    (r"number of units in `X_units`", "give one unit for each column"),
    (r"ParseError", "PySR was given an operator or a loss that is not valid Julia"),
    (r"'int' object is not subscriptable", "an operator was given both as unary and as binary"),
    (r"Couldn't find equation file", "PySR's time ended before its first equation (it compiles first); give it more"),
    (r"`(\w+)` is not a valid keyword argument", "this version of PySR has no parameter {0}"),
    (r"Input (\w+) contains (NaN|infinity)", "{0} contains {1}; remove those rows"),
    (r"inconsistent numbers of samples: \[(\d+), (\d+)\]", "{0} rows meet {1}; give as many of each"),
)


@dataclass(frozen=True)
class _Messages:
    """Bound messages, which are for people. Chosen by judgement.

    Attributes:
        length: characters of a message that has no meaning here.
    """

    length: int = 300


_MESSAGES: Final = _Messages()


def explain(kind: str, text: str) -> str:
    """Return one sentence for an error: `kind` is the exception's class, `text` its message."""
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, text):
            return meaning.format(*found.groups())
    return f"{kind.rpartition('.')[2]}: {_without_stack(text)}"


def _without_stack(text: str) -> str:
    first = text.partition("Stacktrace:")[0].strip().partition("\n")[0]
    return first[: _MESSAGES.length] or "no message"
