"""What `make fuzz` does, for a moment: targets and server break at nothing that they are sent."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.fuzz import rpcs
from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS, Target

_INPUTS = 200
_CALLS = 400


@pytest.mark.parametrize("target", TARGETS, ids=[t.name for t in TARGETS])
def test_any_bytes_are_read_or_refused(target: Target) -> None:
    for data in inputs(target, _INPUTS, seed=7):
        try:
            target.run(data)
        except Exception as error:
            pytest.fail(f"{target.name} broke at {data!r}: {error!r}")


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    with rpcs.server() as channel:
        yield channel


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(rpcs.SERVICE.methods_by_name))
def test_bytes_that_are_no_message_are_an_invalid_argument(channel: grpc.Channel, method: str) -> None:
    assert rpcs.send(channel, rpcs.Call(method, b"\xff\xff\xff")) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.slow
def test_an_unknown_form_of_picture_is_an_invalid_argument(channel: grpc.Channel) -> None:
    request = b"\x0a\x0ajobs/first\x18\x63"  # format 99
    assert rpcs.send(channel, rpcs.Call("RenderPlot", request)) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.slow
def test_every_method_answers_anything_with_a_documented_status(channel: grpc.Channel) -> None:
    assert rpcs.fuzz(channel, _CALLS, first_seed=11) >= _CALLS
