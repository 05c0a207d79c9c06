"""Ask a server for the law in the planets' orbits, watching the search.

Start a server first (`ansatz serve`), then: python examples/client_example.py [HOST:PORT]
Needs the base install only.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from ansatz.client import AnsatzError, Client, JobEvent

DATA = Path(__file__).parent / "kepler" / "planets.csv"


def main() -> int:
    address = sys.argv[1] if len(sys.argv) > 1 else "localhost:50051"
    with DATA.open(encoding="utf-8", newline="") as file:
        planets = list(csv.DictReader(file))
    axes = [float(planet["semi_major_axis"]) for planet in planets]
    periods = [float(planet["period"]) for planet in planets]

    try:
        with Client(address) as client:
            report = client.discover(
                {"a": axes}, periods, target_name="T", units={"a": "AU", "T": "day"}, budget=5, on_event=show
            )
    except AnsatzError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1

    for candidate in report.candidates[:3]:
        print(f"{candidate.rank}. T = {candidate.formula}   (complexity {candidate.complexity})")
    if report.best:
        for constant in report.best.constants:
            print(f"   {constant.name or 'constant'}: {constant.value:g}, 95 % in [{constant.lower}, {constant.upper}]")
    for warning in report.warnings:
        print(f"   {warning.code}: {warning.message}")
    return 0


def show(event: JobEvent) -> None:
    """Called for everything that happens to the job, while it happens."""
    if event.front:
        print(f"so far: {event.front[0].formula}", file=sys.stderr)
    elif event.state:
        print(event.state.value.lower(), file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
