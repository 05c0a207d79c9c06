"""The columns of curves, as `ansatz discover` and `ansatz predict` read them."""

from __future__ import annotations

from typing import Any

from ansatz.client.cli.arguments.curves import Curves
from ansatz.client.cli.arguments.texts import comma_separated
from ansatz.client.cli.files.curves import CurveFile
from ansatz.client.cli.printing.failures import say


def curve_columns(
    source: str, target: str, inputs: str | None, group: str | None, curves: Curves, *, std_errors: str | None,
    trials: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return keywords of Client.submit_curves; tell of rows that have no value. Raises InvalidRequest."""
    file = CurveFile(
        source,
        target,
        inputs=comma_separated(inputs),
        run=group,
        std_errors=std_errors,
        trials=trials,
        wide=curves.wide,
        roles=tuple(curves.role or ()),
    )
    columns, left_out = file.arguments()
    if left_out:
        say(f"{left_out} rows without a value of {target!r} were left out")
    return {**columns, "scale": curves.scale}
