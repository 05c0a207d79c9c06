"""What is fuzzed by bytes: each target takes any bytes and raises nothing."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ansatz.service.executor.frames import Kind, joined, packed
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import problem_pb2
from tests.fuzz import files, formulas, frames, requests

_FORMULA_WORDS = (
    *"+ - * / ** ( ) , . x y z pi f g h e E 0 1 2 0.5 1e308 1e-308 9007199254740993 10**10**10 -0".split(),
    *"exp( log( sqrt( sin( tan( abs( sign( min( max( integral( integral(t,t,0,1) )".split(),
    *"((((((((((((((((( -----------------", "х", "ｘ", "−", "×", "²", "\u202e", "\u200b", "\x00", "\ud7ff", "1_0", "١",
)  # fmt: skip
_UNIT_WORDS = (*"m kg s ^ ** / · * ( ) -1 ² ⁻ ° °C % µ 1e9 10^-3 1/2 kilo".split(), "٣", "ﬀ", "\u202e", "m^999999")
_CELLS = (*", ; | \" ' \n \r \r\n # 1 -1e308 nan inf 1_0 1,5 \ufeff \x00 \x0b \u2028".split(" "), "x,y\n", '"\n"', "\t")
_JSON = (*'{ } [ ] : , "loss" "step" 1 null true NaN 1e999 -Infinity "\\ud800"'.split(), "\n", "9" * 50, "[[[[[[[[")


@dataclass(frozen=True)
class Target:
    """A function of bytes; inputs to begin with, and words that its inputs are made of."""

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    weight: int = 1
    """Its share of the inputs."""


def _texts(*texts: str) -> tuple[bytes, ...]:
    return tuple(text.encode("utf-8", "surrogatepass") for text in texts)


_FORMULAS = _texts(
    "0.5*m*v**2", "-x + 1e-3/(y - 2)**-1.5", "min(x, max(y, 3))*sin(2*pi*x)", "integral(exp(-t)*x, t, 0, y)",
    "f(x, y) + g(h(x))/2", "a*(1 - exp(-x/b))", "x**f(2)", "+".join(["x"] * 600), "log(abs(x))**2/sqrt(y)",
)  # fmt: skip


def _create(observations: str, **options: object) -> bytes:
    request = pb.CreateJobRequest(job_id="j-1", request_id="r")
    kind = getattr(request.problem, observations)
    for name, power in (("t", 1.0), ("x", 2.0), ("y", 0.5)):
        kind.columns.add(name=name, values=[float(i) ** power for i in range(1, 13)], unit="m/s^2")
    if observations == "trajectories":
        kind.time, kind.order = "t", 2
        kind.states.append("x")
    else:
        kind.target = "y"
    if observations == "table":
        kind.columns.add(name="g", labels=["a", "b"] * 6)
        kind.columns.add(name="p", packed_values=struct.pack("<12d", *range(12)))
        kind.group = "g"
    request.problem.options.MergeFrom(problem_pb2.SearchOptions(**options))  # type: ignore[arg-type]
    return request.SerializeToString()


_REQUESTS = (
    _create("table", ansatz="a*x**2 + f(t)", functions=["sin", "exp"], metric="auto", per_group=["a"]),
    _create("table", engine=4, seed=7, max_complexity=20, metric="guess:0.25"),
    _create("curves", ansatz="a + b*x**-c"),
    _create("trajectories"),
    pb.CreateJobRequest(continue_job="jobs/other").SerializeToString(),
)
_COMPARE = pb.CompareFormulasRequest(a="x**2", b="x*x")
_COMPARE.box["x"].upper = 2.0
_FRAMES = (
    packed(Kind.SEARCH, joined(b"problem", b"front")) + packed(Kind.STOP),
    packed(Kind.TRACE, b"text"),
    struct.pack("<BI", 99, 3) + b"abc",
    struct.pack("<BI", 1, 2**32 - 1),
)


def _engine_frame(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack(">I", len(text)) + text + body


_ENGINE_FRAMES = (
    _engine_frame({"kind": "fit", "shapes": [[2, 1], [2]]}, bytes(32)),
    _engine_frame({"shapes": [[-1]]}, bytes(8)),
    _engine_frame([1, 2]),
    _engine_frame({"kind": "done"}),
)

TARGETS = (
    Target("formula", formulas.formula, _FORMULAS, _texts(*_FORMULA_WORDS), weight=6),
    Target("normal-form", formulas.normal, _FORMULAS, _texts(*_FORMULA_WORDS), weight=1),
    Target("evaluation", formulas.evaluation, _FORMULAS, _texts(*_FORMULA_WORDS), weight=1),
    Target("unit", formulas.unit, _texts("m/s^2", "10^-3 N·m", "kg m**(1/2)", "°C"), _texts(*_UNIT_WORDS), weight=3),
    Target("csv", files.csv, _texts("x,y\n1,2\n3,4\n", "#c\ng;m\na;\nb;2\n", '"x\n",y\r\n1,2\r\n'), _texts(*_CELLS), 5),
    Target("curve-csv", files.curve_csv, _texts("1,2\n3,4\n", 'run,step,loss\na,1,"2\n"\n'), _texts(*_CELLS), 4),
    Target("json-lines", files.json_lines, _texts('{"step": 1, "loss": 2.5}\n{"loss": NaN, "run": "a"}\n'),
           _texts(*_JSON), 4),
    Target("create-job", requests.create, _REQUESTS, _texts(*_FORMULA_WORDS, *_UNIT_WORDS), weight=4),
    Target("other-requests", requests.other, (b"\0" + _COMPARE.SerializeToString(),), weight=2),
    Target("names", requests.names, _texts("jobs/a-1", "YmVmb3JlOjEy", "jobs/А"), weight=2),
    Target("worker-frames", frames.worker, _FRAMES, weight=2),
    Target("engine-frames", frames.engine, _ENGINE_FRAMES, _texts(*_JSON, '"shapes"', '"kind"'), weight=2),
)  # fmt: skip
