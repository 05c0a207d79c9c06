"""From messages to options of a search."""

from __future__ import annotations

import math
from dataclasses import replace

from ansatz.discovery import Engine, InvalidInputError, Loss, Observations, Options, Parameter, Violation
from ansatz.discovery.asked.kinds import uses
from ansatz.service.wire.times import seconds_of
from ansatz.v1 import job_pb2, problem_pb2

_ENGINES = {
    problem_pb2.ENGINE_UNSPECIFIED: Engine.AUTO,
    problem_pb2.ENGINE_AUTO: Engine.AUTO,
    problem_pb2.ENGINE_PYSR: Engine.PYSR,
    problem_pb2.ENGINE_OPERON: Engine.OPERON,
    problem_pb2.ENGINE_NONE: Engine.NONE,
}
_LOSSES = {
    problem_pb2.LOSS_UNSPECIFIED: Loss.SQUARED,
    problem_pb2.LOSS_SQUARED: Loss.SQUARED,
    problem_pb2.LOSS_HUBER: Loss.HUBER,
    problem_pb2.LOSS_LOG_HUBER: Loss.LOG_HUBER,
}


def options_from_proto(options: problem_pb2.SearchOptions) -> Options:
    """Return options, with the documented defaults for what is unset. Raises InvalidInputError."""
    default, violations = Options(), _unknown_choices(options)
    try:
        made = Options(
            functions=tuple(options.functions) or default.functions,
            engine=_ENGINES.get(options.engine, default.engine),
            budget_seconds=seconds_of(options.budget) if options.HasField("budget") else default.budget_seconds,
            seed=options.seed,
            max_complexity=options.max_complexity if options.HasField("max_complexity") else default.max_complexity,
            ansatz=options.ansatz,
            dimensional_constants=options.dimensional_constants,
            parameters=tuple(map(_parameter, options.parameters)),
            fixed_numbers=options.fixed_numbers,
            free_numbers=options.free_numbers,
            loss=_LOSSES.get(options.loss, default.loss),
            metric=options.metric,
            per_group=tuple(options.per_group),
        )
    except InvalidInputError as error:
        raise InvalidInputError([*violations, *error.violations]) from None
    if violations:
        raise InvalidInputError(violations)
    return made


def with_start(options: Options, front: job_pb2.Front, observations: Observations) -> Options:
    """Return the options with the formulas of a front to try first, where these observations have a use for them."""
    if not uses(observations, "start_formulas"):
        return options
    return replace(options, start_formulas=tuple(c.formula for c in front.candidates))


def _unknown_choices(options: problem_pb2.SearchOptions) -> list[Violation]:
    violations = []
    if options.engine not in _ENGINES:
        known = ", ".join(problem_pb2.Engine.keys())
        violations.append(Violation("options.engine", f"{options.engine} is no engine; engines: {known}"))
    if options.loss not in _LOSSES:
        known = ", ".join(problem_pb2.Loss.keys())
        violations.append(Violation("options.loss", f"{options.loss} is no loss; losses: {known}"))
    return violations


def _parameter(parameter: problem_pb2.Parameter) -> Parameter:
    return Parameter(
        name=parameter.name,
        start=parameter.start if parameter.HasField("start") else None,
        lower=parameter.lower if parameter.HasField("lower") else -math.inf,
        upper=parameter.upper if parameter.HasField("upper") else math.inf,
    )
