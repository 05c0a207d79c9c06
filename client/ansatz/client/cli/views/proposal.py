"""Proposed experiments, for people and for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli.views.text import number, plain_table, short, warning_lines
from ansatz.client.results.proposal import Proposal


def proposal_object(proposal: Proposal) -> dict[str, Any]:
    """Return the proposal for scripts."""
    return {"state": "SUCCEEDED", **asdict(proposal), "error": None, "violations": []}


def proposal_view(proposal: Proposal) -> RenderableType:
    """Return a row for each experiment: what to set, what the leading formulas predict, what it tells apart."""
    shown = proposal.rivals[:3]
    inputs = list(proposal.experiments[0].inputs) if proposal.experiments else []
    grouped = ["group"] if any(e.group for e in proposal.experiments) else []
    table = plain_table(*grouped, *inputs, *(f"by formula {rival.rank}" for rival in shown), "tells apart", "by (std)")
    for e in proposal.experiments:
        predicted = [number(value, 4) for value in e.predictions[: len(shown)]]
        apart = f"{e.first_rank} and {e.second_rank}"
        table.add_row(
            *([e.group] if grouped else []),
            *(f"{e.inputs[name]:.6g}" for name in inputs),
            *predicted,
            apart,
            number(e.separation),
        )
    formulas = [f"formula {r.rank} (probability {number(r.weight)}): {short(r.formula)}" for r in proposal.rivals]
    noise = f"noise assumed: {number(proposal.noise_std)}" + (" of the target" if proposal.noise_is_relative else "")
    return Group(table, *map(Text, [*formulas, noise]), *warning_lines(proposal.warnings))
