"""Laws that nobody listed, put together from what curves are made of.

These are a floor, powers, powers with a logarithm, logarithms and exponentials, of one column or of two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, islice, product
from typing import Final

from ansatz.discovery.curves.laws import Law, Parameter
from ansatz.discovery.curves.laws.law import amplitude, exponent, floor, offset, positive
from ansatz.discovery.curves.model import scale_of
from ansatz.discovery.expression import Array

NAME: Final = "free"
"""Of every law that is not of the catalogue."""
SOURCE: Final = "found by search"
_MOST: Final = 40
"""Laws that are tried. Chosen by judgement; each costs a quick fit."""


@dataclass(frozen=True)
class _Term:
    """A term of a column {x} with constants A{i} and r{i}.

    `formula` is its published form, and `fit` that which is fitted to the column over its mean {x}_ (of logarithm {m}).
    `published` gives the published constants by those of the latter.
    """

    formula: str
    fit: str
    published: Mapping[str, str]

    def parameters(self, i: int) -> Iterator[Parameter]:
        """Yield the constants of the i-th term of a law."""
        yield offset(f"A{i}") if self is _LOGARITHM else amplitude(f"A{i}")
        if self is _EXPONENTIAL:
            yield positive(f"r{i}", 1e-2, 100)
        elif self is not _LOGARITHM:
            yield exponent(f"r{i}")


_POWER: Final = _Term("A{i}/{x}**r{i}", "A{i}*{x}**(-r{i})", {"A{i}": "A{i}*{x}_**r{i}"})
_POWER_LOG: Final = _Term("A{i}*log({x})/{x}**r{i}", "A{i}*(log({x}) + {m})*{x}**(-r{i})", {"A{i}": "A{i}*{x}_**r{i}"})
_EXPONENTIAL: Final = _Term("A{i}*exp(-r{i}*{x})", "A{i}*exp(-r{i}*{x})", {"r{i}": "r{i}/{x}_"})
_LOGARITHM: Final = _Term("A{i}*log({x})", "A{i}*(log({x}) + {m})", {})
_TERMS: Final = (_POWER, _POWER_LOG, _EXPONENTIAL, _LOGARITHM)
_LISTED: Final = ((_POWER, _POWER), (_LOGARITHM, _LOGARITHM))


def composites(columns: Mapping[str, Array]) -> Iterator[tuple[Law, dict[str, str]]]:
    """Yield laws of positive columns with what their variables stand for, those of two columns first."""
    usable = {name: column for name, column in columns.items() if float(column.min()) > 0}
    return islice(_all(usable), _MOST)


def _all(columns: Mapping[str, Array]) -> Iterator[tuple[Law, dict[str, str]]]:
    for pair in combinations(columns, 2):
        for terms in product(_TERMS, repeat=2):
            if terms != (_POWER, _POWER):
                yield _law(terms, pair, columns)
        yield _law((_POWER, _POWER), pair, columns, crossed=True)
    for name in columns:
        yield _law((_POWER_LOG,), (name,), columns)
        for terms in combinations_with_replacement(_TERMS, 2):
            if terms not in _LISTED:
                yield _law(terms, (name, name), columns)


def _law(
    terms: Sequence[_Term], names: Sequence[str], columns: Mapping[str, Array], crossed: bool = False
) -> tuple[Law, dict[str, str]]:
    """Return a floor and a term of each name; `crossed`: and the product of powers of both."""
    variables = {name: f"x{k + 1}" for k, name in enumerate(dict.fromkeys(names))}
    formulas, fits = ["E"], ["E"]
    published: dict[str, str] = {}
    parameters: list[Parameter] = [floor("E")]
    for i, (term, name) in enumerate(zip(terms, names, strict=True), start=1):
        words = {"i": i, "x": variables[name], "m": repr(math.log(scale_of(columns[name])))}
        formulas.append(term.formula.format(**words))
        fits.append(term.fit.format(**words))
        published |= {key.format(**words): value.format(**words) for key, value in term.published.items()}
        parameters += term.parameters(i)
    if crossed:
        formulas.append("A3/(x1**r3*x2**r4)")
        fits.append("A3*x1**(-r3)*x2**(-r4)")
        published["A3"] = "A3*x1_**r3*x2_**r4"
        parameters += [amplitude("A3"), exponent("r3"), exponent("r4")]
    law = Law(
        NAME, SOURCE, tuple(variables.values()), " + ".join(formulas), tuple(parameters), SOURCE,
        fit=" + ".join(fits), published=published, scaled=tuple(variables.values()), flexible=True,
        limit="" if _LOGARITHM in terms else "E",
    )  # fmt: skip
    return law, {variable: name for name, variable in variables.items()}
