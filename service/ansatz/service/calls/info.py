"""What this server is: versions, engines, limits."""

from __future__ import annotations

from ansatz import distribution
from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS, Engine
from ansatz.discovery.expression import FUNCTIONS
from ansatz.service.limits.limits import Limits
from ansatz.v1 import discovery_service_pb2, problem_pb2

_PACKAGES = ("numpy", "scipy", "sympy", "pysr", "pyoperon", "grpcio", "protobuf", "sqlalchemy")
_ENGINES = {Engine.PYSR: problem_pb2.ENGINE_PYSR, Engine.OPERON: problem_pb2.ENGINE_OPERON}


def server_info(limits: Limits, workers: int) -> discovery_service_pb2.GetServerInfoResponse:
    """Asks the engines whether they are ready: some milliseconds; reads package metadata the first time."""
    from ansatz.discovery.search.evolution.engines import engine_statuses

    return discovery_service_pb2.GetServerInfoResponse(
        version=distribution.version(),
        packages={name: version for name in _PACKAGES if (version := distribution.version(name))},
        engines=[
            discovery_service_pb2.EngineInfo(engine=_ENGINES[s.engine], ready=s.ready, detail=s.detail)
            for s in engine_statuses()
        ],
        limits=limits.to_proto(),
        functions=FUNCTIONS,
        default_functions=DEFAULT_FUNCTIONS,
        workers=workers,
    )
