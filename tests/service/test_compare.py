"""CompareFormulas against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from ansatz.v1 import comparison_pb2
from ansatz.v1 import discovery_service_pb2 as pb

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server


def interval(lower: float, upper: float) -> comparison_pb2.Interval:
    return comparison_pb2.Interval(lower=lower, upper=upper)


def test_formulas_are_proved_equal_and_refuted(server: Server) -> None:
    request = pb.CompareFormulasRequest(a="sin(x)**2 + cos(x)**2", b="1", box={"x": interval(0, 3)})
    proved = server.stub.CompareFormulas(request, timeout=60).comparison
    assert (proved.equivalence, proved.method) == (comparison_pb2.EQUIVALENCE_PROVED, "sympy")
    request.b = "1 + 1e-5*x"
    refuted = server.stub.CompareFormulas(request, timeout=60).comparison
    assert refuted.equivalence == comparison_pb2.EQUIVALENCE_REFUTED
    assert dict(refuted.largest_difference.inputs) == {"x": 3.0}
    assert refuted.terms.terms_b == ["1", "x"]


def test_bad_comparisons_are_refused_by_field(server: Server, narrow_server: Server, refused: Refused) -> None:
    call = server.stub.CompareFormulas
    refusal = refused(lambda: call(pb.CompareFormulasRequest(a="x", b="y", box={"x": interval(2, 1)}), timeout=60))
    assert (refusal.code, set(refusal.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"box['x']"})
    assert set(refused(lambda: call(pb.CompareFormulasRequest(a="x"), timeout=60)).violations) == {"b"}
    wide = pb.CompareFormulasRequest(a="x", b="x", box={f"x{i}": interval(0, 1) for i in range(40)})
    assert set(refused(lambda: narrow_server.stub.CompareFormulas(wide, timeout=60)).violations) == {"box"}
