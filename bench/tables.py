"""The tables of docs/benchmarks.md, from the result files."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_OURS: Final = "ansatz"
_TITLES: Final = {
    "feynman": "Development laws (every second law of the AI Feynman table)",
    "held_out": "Held-out laws (never used for tuning)",
    "composites": "Harder composites",
}
_COLUMNS: Final = (
    "method", "laws", "exact at rank 1", "exact in top 5", "median s", "90th percentile s", "size over the law's",
    "extrapolation error", "intervals that hold", "time over ansatz's",
)  # fmt: skip

Result = dict[str, Any]


def write(results: Path, document: Path = DOCUMENT) -> None:
    """Replaces the part of the document between the recovery markers by tables of all result files."""
    replace_part(document, "recovery", "\n".join(_tables(_load(results))) or "Nothing was measured yet.")


def replace_part(document: Path, name: str, text: str) -> None:
    """Replaces what stands between the markers `<!-- name -->` and `<!-- /name -->`."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = document.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    document.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _load(results: Path) -> list[Result]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(results.glob("*.json"))]


def _tables(results: list[Result]) -> list[str]:
    groups: dict[tuple[str, float, int, float], list[Result]] = defaultdict(list)
    for result in results:
        groups[result["set"], result["noise"], result["junk"], result["budget"]].append(result)
    lines: list[str] = []
    for set_name, title in _TITLES.items():
        keys = sorted(key for key in groups if key[0] == set_name)
        lines += ["", f"### {title}"] if keys else []
        for key in keys:
            _, noise, junk, budget = key
            beside = f", {junk} irrelevant columns" if junk else ""
            lines += ["", f"Noise {noise:g}{beside}, budget {budget:g} s:", ""]
            lines += markdown(_COLUMNS, _rows(groups[key]))
    return lines


def _rows(results: list[Result]) -> list[list[str]]:
    by_method: dict[str, dict[str, Result]] = defaultdict(dict)
    for result in results:
        by_method[result["method"]][result["law"]] = result
    ours = by_method.get(_OURS, {})
    rows = [(_share(list(found.values()), 1), _row(name, found, ours)) for name, found in by_method.items()]
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def _row(name: str, found: dict[str, Result], ours: dict[str, Result]) -> list[str]:
    results = list(found.values())
    seconds = [r["seconds"] for r in results]
    sizes = [r["relative_size"] for r in results if r["relative_size"] is not None]
    errors = [math.inf if r["extrapolation"] is None else r["extrapolation"] for r in results]
    held, stated = (sum(r[key] for r in results) for key in ("intervals_that_hold", "intervals_stated"))
    return [
        name,
        str(len(results)),
        f"{100 * _share(results, 1):.0f} %",
        f"{100 * _share(results, 5):.0f} %",
        f"{statistics.median(seconds):.2f}",
        f"{quantile(seconds, 0.9):.2f}",
        f"{statistics.median(sizes):.2f}" if sizes else "–",
        f"{statistics.median(errors):.1e}",
        f"{held} of {stated}" if stated else "–",
        _ratio(found, ours),
    ]


def _share(results: list[Result], ranks: int) -> float:
    return sum(any(f["exact"] for f in r["formulas"][:ranks]) for r in results) / len(results)


def _ratio(found: dict[str, Result], ours: dict[str, Result]) -> str:
    """The method's median time over ours, on the laws that both have."""
    both = found.keys() & ours.keys()
    if not both or found is ours:
        return "–"
    theirs = statistics.median(found[law]["seconds"] for law in both)
    return f"{theirs / statistics.median(ours[law]['seconds'] for law in both):.1f}"
