"""Laws of size, data and compute where one of the three is no column: it follows from the others, C = 6 N D."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ansatz.discovery.curves.laws import joint, tasks
from ansatz.discovery.curves.laws.law import Law

FLOPS_PER_PARAMETER_AND_TOKEN: Final = 6.0
"""Of a forward and a backward pass of a dense transformer (Kaplan et al. 2020)."""
_SIZES: Final = {"N": "size", "D": "data", "C": "compute"}


@dataclass(frozen=True)
class Bookkeeping:
    """What follows from two of size N, data D and compute C.

    Attributes:
        known: the two roles that have columns.
        follows: what the third is, by its name.
        missing: the role that has no column; where it has one, laws take that.
    """

    known: tuple[str, str]
    follows: Mapping[str, str]
    missing: str


BY_SIZE_AND_COMPUTE: Final = Bookkeeping(("N", "C"), {"D": "C/(6*N)"}, "D")
BY_DATA_AND_COMPUTE: Final = Bookkeeping(("D", "C"), {"N": "C/(6*D)"}, "N")
BY_SIZE_AND_DATA: Final = Bookkeeping(("N", "D"), {"C": "6*N*D"}, "C")


def told_by(law: Law, books: Bookkeeping) -> Law:
    """Return the law in terms of the two roles that have columns: the same constants, and the same bounds.

    In the form that is fitted, variables are divided by their scales, and the factor 6 goes with the scales.
    """
    used = {v: text for v, text in books.follows.items() if v in law.variables}
    written = {v: f"({text})" for v, text in used.items()}
    bare = {v: text.replace("6*", "") for v, text in written.items()}
    scales = {f"{v}_": _replaced(text, {role: f"{role}_" for role in books.known}) for v, text in written.items()}
    made = ", ".join(f"{v} = {text}" for v, text in used.items())
    known = " and ".join(_SIZES[role] for role in books.known)
    published = {p.name: p.name for p in law.parameters if p.name in law.constants} | dict(law.published)
    return replace(
        law,
        name=f"{law.name}_by_{'_'.join(books.known)}",
        title=f"{law.title}, by {known}",
        variables=books.known,
        formula=_replaced(law.formula, written),
        fit=_replaced(law.fit or law.formula, bare),
        published={name: _replaced(text, scales) for name, text in published.items()},
        scaled=books.known,
        roles={role: role for role in books.known},
        symmetric=False,
        missing=books.missing,
        source=f"{law.source}; {made}",
    )  # fmt: skip


def _replaced(formula: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), formula)


LAWS: Final = (
    *(told_by(law, books) for books in (BY_SIZE_AND_COMPUTE, BY_DATA_AND_COMPUTE)
      for law in (joint.ADDITIVE, joint.ADDITIVE_TIED, joint.KAPLAN)),
    *(told_by(law, BY_SIZE_AND_DATA) for law in (joint.POWER_OF_COMPUTE, tasks.CLUSTERED_ACCURACY)),
)  # fmt: skip
"""Laws of size and data, or of compute alone, in the two roles that may be known instead.

The over-training law is then the additive one with one exponent: M**eta*C**(-eta) is a power of N, and the other of D.
"""
