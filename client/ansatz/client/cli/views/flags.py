"""What the fields of requests are called on the command line."""

from __future__ import annotations

import re
from typing import Final

from ansatz.client.errors import Violation

_FLAGS: Final = {
    "options.functions": "--functions",
    "options.engine": "--engine",
    "options.budget": "--budget",
    "options.seed": "--seed",
    "options.max_complexity": "--max-complexity",
    "options.ansatz": "--ansatz",
    "options.parameters": "--start, --bounds",
    "options.fixed_numbers": "--fixed-numbers",
    "options.free_numbers": "--free-numbers",
    "options.loss": "--loss",
    "options.per_group": "--per-group",
    "options.dimensional_constants": "--dimensional-constants",
    "options.metric": "--metric",
    "table.target": "--target",
    "table.inputs": "--inputs",
    "table.weights": "--weights",
    "table.group": "--group",
    "table.std_errors": "--std-errors",
    "table.input_errors": "--input-errors",
    "table.noise": "--noise",
    "table.trials": "--trials",
    "data": "data",
    "table.columns": "data",
    "curves.columns": "data",
    "trajectories.columns": "data",
    "curves.target": "--target",
    "curves.inputs": "--inputs",
    "curves.runs": "--group",
    "curves.roles": "--role",
    "curves.std_errors": "--std-errors",
    "curves.trials": "--trials",
    "curves.scale": "--scale",
    "curves.per_run": "--per-group",
    "trajectories.time": "--time",
    "trajectories.states": "--states",
    "trajectories.inputs": "--inputs",
    "trajectories.derivatives": "--derivatives",
    "trajectories.runs": "--group",
    "trajectories.order": "--order",
    "trajectories.held_out": "--holdout",
    "trajectories.std_errors": "--std-errors",
    "trajectories.stochastic": "--stochastic",
    "formula": "--formula",
    "box": "--box",
    "n": "--number",
    "order": "--order",
    "points": "--at",
    "budgets": "--compute",
    "targets": "--reach",
    "rank": "--rank",
    "probability": "--probability",
    "a": "A",
    "b": "B",
    "job": "JOB",
    "name": "JOB",
    "continue_job": "JOB",
}
"""The option, or the argument, that each field comes from."""
_PART = re.compile(r"^(?P<field>[a-z_.]+?)(?P<at>\[.*\])?(?:\.(?P<of>start|name))?$", re.DOTALL)
_COLUMN = re.compile(r"^(?:table|curves|trajectories)\.columns\[(?P<name>['\"].*['\"])\](?P<unit>\.unit)?$", re.DOTALL)
_METHODS: Final = {"ListJobs": "ansatz jobs list"}
_MENTIONED = re.compile(r"(?<![\w.'\"])(?:(?:options|table|curves|trajectories)\.[a-z_]+|ListJobs)(?![\w.])")


def flag_of(field: str) -> str | None:
    """Return the flag, or the argument, that a field of a request comes from; None where there is none."""
    if field.startswith("--"):
        return field
    if not (found := _PART.match(field)):
        return None
    if found["field"] == "options.parameters" and found["of"] == "start":
        return "--start"
    if found["field"] == "options.parameters" and found["at"] and not found["of"]:
        return "--bounds"  # of a constant as a whole, only its bounds can be wrong
    return _FLAGS.get(found["field"])


def shown(violation: Violation) -> str:
    """Return a violation as a line for people: what they typed, what is wrong with it, what to do."""
    return f"{_called(violation.field)}: {in_flags(violation.description)}"


def in_flags(text: str) -> str:
    """Return a text in which what it mentions of requests is called as on the command line."""
    return _MENTIONED.sub(lambda found: (_FLAGS | _METHODS).get(found[0], found[0]), text)


def _called(field: str) -> str:
    if column := _COLUMN.match(field):
        return f"column {column['name']}" + (", its unit" if column["unit"] else "")
    if field.startswith("--"):
        return field
    flag, found = flag_of(field), _PART.match(field)
    if flag is None or found is None:
        return field
    one_of_several = "." not in found["field"] and found["at"]
    return f"{flag}{found['at']}" if one_of_several else flag
