"""Which columns are called like the error of another: sigma, err, y_err, dy, ± and the like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_ALONE: Final = frozenset(
    (
        "sigma", "σ", "err", "error", "std", "stdev", "stddev", "sd", "sem", "stderr", "stderror", "standarderror",
        "standarddeviation", "unc", "uncert", "uncertainty", "±", "+-", "+/-",
    )
)  # fmt: skip
"""Words that say it by themselves."""
_BESIDE: Final = _ALONE | {"se", "errors", "uncertainties"}
"""Words that say it before or after the name of the column they are about."""
_JOINED: Final = frozenset(("sigma", "err", "error", "std", "stderr"))
"""Words that say it also where nothing stands between: yerr, sigmay."""
_PREFIXES: Final = frozenset(("d", "e", "u"))
"""Letters that say it before the name, apart from it (e_y, u(y)); d also where nothing stands between (dy)."""
_BETWEEN: Final = frozenset(("of", "in", "on"))
_WORD: Final = re.compile(r"[^\W_]+|±|\+/?-")
_UNIT: Final = re.compile(r"\s*\[[^\]]*\]\s*$|\s+\([^)]*\)\s*$")


def is_called_error_of(name: str, target: str) -> bool:
    """Return whether a column's name says that it is the error of the target.

    Upper and lower case, what stands between words, and a unit in brackets at the end do not matter.
    """
    words, about = _words(name), _words(target)
    if not about or words == about:
        return False
    joined, whole = "".join(words), "".join(about)
    if joined in _ALONE or joined == f"d{whole}":
        return True
    if joined in {f"{whole}{word}" for word in _JOINED} | {f"{word}{whole}" for word in _JOINED}:
        return True
    before, after = "".join(words[: -len(about)]), "".join(words[len(about) :])
    if words[-len(about) :] == about and before in _BESIDE | _PREFIXES:
        return True
    return words[: len(about)] == about and after in _BESIDE


def _words(name: str) -> Sequence[str]:
    words = _WORD.findall(_UNIT.sub("", name).casefold())
    return [word for i, word in enumerate(words) if word not in _BETWEEN or i in (0, len(words) - 1)]
