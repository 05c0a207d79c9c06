"""How a search went, beside what it found."""

from __future__ import annotations

from dataclasses import dataclass

from ansatz.discovery.report.report import Warning


@dataclass(frozen=True)
class Outcome:
    """Tell what a reader of the result must know of the search itself.

    Attributes:
        cut_stages: names of the stages that did not run to their end, in the order in which they were cut.
        warnings: what failed or was left out on the way, each once.
        engine_took_part: whether an evolutionary engine searched at all.
    """

    cut_stages: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    engine_took_part: bool = False

    def __add__(self, later: Outcome) -> Outcome:
        """Return the outcome of both, one after the other."""
        return Outcome(
            (*self.cut_stages, *later.cut_stages),
            tuple(dict.fromkeys((*self.warnings, *later.warnings))),
            self.engine_took_part or later.engine_took_part,
        )


NOTHING_TO_TELL = Outcome()


def cut(*stages: str) -> Outcome:
    """Return the outcome of a search in which these stages were cut."""
    return Outcome(cut_stages=stages)


def told(*warnings: Warning) -> Outcome:
    """Return the outcome of a search of which these warnings are all there is to tell."""
    return Outcome(warnings=warnings)
