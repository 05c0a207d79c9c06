"""Requests that are no message of their type: INVALID_ARGUMENT, where gRPC by itself would say UNKNOWN."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2
from grpc_status import rpc_status

from ansatz.service.errors import ServiceError

_Context = grpc.aio.ServicerContext[Any, Any]
_Read = Callable[[bytes], Any]


class Decoding(grpc.aio.ServerInterceptor):
    """Gives the methods of a service, by its full name, their requests read; answers what cannot be read itself."""

    def __init__(self, service: str) -> None:
        self._prefix = f"/{service}/"

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """A handler that takes the bytes which came, in place of the one that takes messages."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith(self._prefix):
            return handler
        read, encode = _reader(handler.request_deserializer), handler.response_serializer
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(_answer(handler.unary_unary, read), None, encode)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(_stream(handler.unary_stream, read), None, encode)
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(_collect(handler.stream_unary, read), None, encode)
        return handler


def _reader(deserialize: _Read) -> _Read:
    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError as error:
            raise ServiceError(
                code_pb2.INVALID_ARGUMENT, "UNREADABLE_REQUEST", f"the request is no message: {error}"
            ) from None

    return read


def _answer(method: Callable[[Any, _Context], Awaitable[Any]], read: _Read) -> Any:
    async def answer(data: bytes, context: _Context) -> Any:
        return await method(await _read_or_abort(read, data, context), context)

    return answer


def _stream(method: Callable[[Any, _Context], AsyncIterator[Any]], read: _Read) -> Any:
    async def stream(data: bytes, context: _Context) -> AsyncIterator[Any]:
        async for response in method(await _read_or_abort(read, data, context), context):
            yield response

    return stream


def _collect(method: Callable[[Any, _Context], Awaitable[Any]], read: _Read) -> Any:
    """The method sees the error where it reads on."""

    async def collect(requests: AsyncIterator[bytes], context: _Context) -> Any:
        async def messages() -> AsyncIterator[Any]:
            async for data in requests:
                yield read(data)

        return await method(messages(), context)

    return collect


async def _read_or_abort(read: _Read, data: bytes, context: _Context) -> Any:
    try:
        return read(data)
    except ServiceError as error:
        await context.abort_with_status(rpc_status.to_status(error.status()))
