"""From keywords of a search to the SearchOptions of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypedDict, TypeVar

from ansatz.client.encode.values import duration, names, uint32
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.options import Engine, Loss
from ansatz.v1 import problem_pb2


class SearchKeywords(TypedDict, total=False):
    """Keywords of a search; None: the server's default."""

    functions: Sequence[str] | None
    engine: Engine | str | None
    budget: float | None
    seed: int | None
    max_complexity: int | None
    ansatz: str | None
    dimensional_constants: bool
    start: Mapping[str, float] | None
    bounds: Mapping[str, tuple[float | None, float | None]] | None
    fixed_numbers: bool
    free_numbers: bool
    loss: Loss | str | None
    metric: str | None
    per_group: Sequence[str] | None


def search_options(
    *,
    functions: Sequence[str] | None = None,
    engine: Engine | str | None = None,
    budget: float | None = None,
    seed: int | None = None,
    max_complexity: int | None = None,
    ansatz: str | None = None,
    dimensional_constants: bool = False,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed_numbers: bool = False,
    free_numbers: bool = False,
    loss: Loss | str | None = None,
    metric: str | None = None,
    per_group: Sequence[str] | None = None,
) -> problem_pb2.SearchOptions:
    """Return the message for options; `budget` is in seconds, None anywhere the server's default.

    Raises InvalidRequest for what the wire cannot carry; the server checks the rest.
    """
    options = problem_pb2.SearchOptions(
        functions=names(functions, "options.functions"),
        ansatz=ansatz or "",
        dimensional_constants=dimensional_constants,
        parameters=_parameters(start or {}, bounds or {}),
        fixed_numbers=fixed_numbers,
        free_numbers=free_numbers,
        per_group=names(per_group, "options.per_group"),
        metric=metric or "",
    )
    if loss is not None:
        options.loss = problem_pb2.Loss.Value(f"LOSS_{_known(Loss, loss, 'options.loss').name}")
    if engine is not None:
        options.engine = problem_pb2.Engine.Value(f"ENGINE_{_known(Engine, engine, 'options.engine').name}")
    if budget is not None:
        options.budget.CopyFrom(duration(budget, "options.budget"))
    if seed is not None:
        options.seed = uint32(seed, "options.seed")
    if max_complexity is not None:
        options.max_complexity = uint32(max_complexity, "options.max_complexity")
    return options


def _parameters(
    start: Mapping[str, float], bounds: Mapping[str, tuple[float | None, float | None]]
) -> list[problem_pb2.Parameter]:
    parameters = []
    for name in dict.fromkeys((*start, *bounds)):
        try:
            lower, upper = bounds.get(name, (None, None))
            parameters.append(problem_pb2.Parameter(name=name, start=start.get(name), lower=lower, upper=upper))
        except (TypeError, ValueError):
            given = f"{start.get(name)!r:.40} and {bounds.get(name)!r:.60}"
            text = f"has {given} as start and bounds of {name!r}; give a number, and (lower, upper)"
            raise InvalidRequest.of("options.parameters", text) from None
    return parameters


ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def _known(kind: type[ChoiceT], value: str, field: str) -> ChoiceT:
    """Return the member of an enum. Raises InvalidRequest where there is none."""
    try:
        return kind(value)
    except ValueError:
        raise InvalidRequest.of(field, f"is {value!r:.60}; give one of {', '.join(kind)}") from None
