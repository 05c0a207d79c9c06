"""Options that the kind of the data has no use for: refused by name, before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ansatz.client.cli.arguments.records import given_flags
from ansatz.client.cli.arguments.refusing import refuse
from ansatz.client.cli.commands.discover.asked import Asked, Kind
from ansatz.client.errors import Violation

_WHOSE: Final = {
    Kind.TABLE: "is for tables",
    Kind.CURVE: "is for curves",
    Kind.TRAJECTORY: "is for observed motion",
}
_MADE_BY: Final = {
    Kind.TABLE: "--kind table",
    Kind.CURVE: "--kind curve",
    Kind.TRAJECTORY: "the states, with --states",
}
_OF_ANSATZ_OR_RUNS: Final = "--per-group"
"""The only option about an ansatz that curves have without one: constants of each run's own."""


def check(asked: Asked) -> None:
    """Raise InvalidRequest with every option that cannot be used, and every one that is missing."""
    refuse([*_of_other_kinds(asked), *_columns(asked), *_about_ansatz(asked)])


def _of_other_kinds(asked: Asked) -> Iterator[Violation]:
    """Options that only another kind has."""
    records: dict[Kind, Any] = {Kind.TABLE: asked.tables, Kind.CURVE: asked.curves, Kind.TRAJECTORY: asked.motion}
    del records[asked.rows_are]
    for kind, record in records.items():
        for flag in given_flags(record):
            remedy = f"leave it out, or give {_MADE_BY[kind]}"
            yield Violation(flag, f"{_WHOSE[kind]}; {remedy}{_instead(flag, asked.rows_are)}")


def _instead(flag: str, kind: Kind) -> str:
    return " (curves have --std-errors and --trials)" if (flag, kind) == ("--weights", Kind.CURVE) else ""


def _columns(asked: Asked) -> Iterator[Violation]:
    """What says which columns are to be explained."""
    motion = asked.rows_are is Kind.TRAJECTORY
    if motion and asked.target is not None:
        yield Violation("--target", "is for tables and curves; leave it out: --states names what is to be explained")
    if asked.trials is not None and not (asked.rows_are is Kind.CURVE or asked.tables.noise == "binomial"):
        yield Violation(
            "--trials", "is for curves and for --noise binomial of tables; give one of them, or leave it out"
        )
    if motion and not asked.motion.states:
        yield Violation("--states", "is not given; name the columns whose motion is to be explained")
    if motion and not asked.motion.time:
        yield Violation("--time", "is not given; name the column of times")
    if not (motion or asked.target):
        yield Violation("--target", "is not given; name the column to be explained, or --states for a motion")


def _about_ansatz(asked: Asked) -> Iterator[Violation]:
    """What is said of a formula that is not given, or of groups where there are none."""
    curves, ansatz = asked.rows_are is Kind.CURVE, asked.ansatz
    for flag in given_flags(ansatz) if not ansatz.ansatz else ():
        if not (curves and flag == _OF_ANSATZ_OR_RUNS):
            yield Violation(flag, "is about a formula of your own; give that with --ansatz, or leave it out")
    if ansatz.per_group and asked.rows_are is Kind.TABLE and asked.group is None:
        yield Violation("--per-group", "is about groups; name their column with --group, or leave it out")
    if curves and ansatz.per_group not in (None, "all"):
        text = f"is {ansatz.per_group!r:.60}; of curves give all, for constants of its own in each run, or leave it out"
        yield Violation("--per-group", text)
