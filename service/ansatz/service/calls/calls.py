"""What every call goes through: it is measured and logged, its errors become a status."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Final, NoReturn, Self

import grpc
import structlog
from google.protobuf.message import Message
from google.rpc import code_pb2
from grpc_status import rpc_status

from ansatz.service.errors import as_service_error
from ansatz.service.observability import tracing
from ansatz.service.observability.metrics import RPC_SECONDS
from ansatz.service.observability.tracing import Span, parent_of

_log = structlog.get_logger()
_SERVICE: Final = "ansatz.v1.DiscoveryService"
# What OpenTelemetry's conventions count as a server's own failure.
_FAULTS: Final = frozenset(
    {code_pb2.UNKNOWN, code_pb2.DEADLINE_EXCEEDED, code_pb2.UNIMPLEMENTED, code_pb2.INTERNAL, code_pb2.UNAVAILABLE,
     code_pb2.DATA_LOSS}
)  # fmt: skip
_Context = grpc.aio.ServicerContext[Any, Any]


def answers(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """For a method of a servicer with one answer."""

    @functools.wraps(method)
    async def answer(self: object, request: Message, context: _Context) -> Any:
        with _Call(method.__name__, context) as call:
            try:
                return await method(self, request, context)
            except Exception as error:
                await call.abort(error)

    return answer


def streams(method: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
    """For a method of a servicer that streams its answers."""

    @functools.wraps(method)
    async def stream(self: object, request: Message, context: _Context) -> AsyncIterator[Any]:
        with _Call(method.__name__, context) as call:
            try:
                async for response in method(self, request, context):
                    yield response
            except Exception as error:
                await call.abort(error)

    return stream


class _Call:
    """A call from its start to its end, whichever way it ends."""

    def __init__(self, method: str, context: _Context) -> None:
        self._method, self._context = method, context
        self._code: int | None = None

    def __enter__(self) -> Self:
        # Each call is a task of its own: what is bound here is of this call alone.
        structlog.contextvars.bind_contextvars(method=self._method)
        self._started = time.perf_counter()
        self._span = Span(
            f"{_SERVICE}/{self._method}",
            parent_of(self._context.invocation_metadata()),
            {"rpc.system": "grpc", "rpc.service": _SERVICE, "rpc.method": self._method},
            server=True,
        )
        tracing.traceparent.set(self._span.traceparent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._code is None:
            # What is no Exception ends a call from outside: the caller went away.
            self._code = code_pb2.OK if error is None else code_pb2.CANCELLED
        code, seconds = code_pb2.Code.Name(self._code), time.perf_counter() - self._started
        RPC_SECONDS.labels(self._method, code).observe(seconds)
        self._span.end({"rpc.grpc.status_code": self._code}, code if self._code in _FAULTS else "")
        _log.debug("call ended", code=code, seconds=round(seconds, 4))

    async def abort(self, error: Exception) -> NoReturn:
        refusal = as_service_error(error)
        self._code = refusal.code
        await self._context.abort_with_status(rpc_status.to_status(refusal.status()))
        raise AssertionError("abort_with_status raises")
