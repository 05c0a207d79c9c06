"""Who waits for the process that evaluates formulas: callers have equal turns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from ansatz.service.errors import ServiceError
from ansatz.service.evaluation.evaluator import Evaluator
from ansatz.service.evaluation.turns import Turns
from ansatz.service.executor.worker_pool import WorkerPool
from ansatz.service.limits.limits import MAX_WAITING_EVALUATIONS, Limits
from ansatz.service.settings import Settings
from ansatz.v1 import discovery_service_pb2 as pb
from tests.service.test_access import authorized, token_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.conftest import StartServer


async def order_of(calls: str, given_up: int | None = None) -> str:
    """Callers, told by a letter each, in the order in which they get their turn after another's, who has it first."""
    turns, served = Turns(), ""

    async def call(caller: str) -> None:
        nonlocal served
        async with turns.turn(caller):
            served += caller
            await asyncio.sleep(0)

    async with turns.turn("-"):
        waiting = [asyncio.create_task(call(caller)) for caller in calls]
        await asyncio.sleep(0)
        if given_up is not None:
            waiting[given_up].cancel()
            await asyncio.sleep(0)
    await asyncio.gather(*waiting, return_exceptions=True)
    async with turns.turn("-"):
        return served


@pytest.mark.parametrize(
    ("calls", "order"), [("aaaab", "abaaa"), ("aaabbc", "abcaba"), ("abab", "abab"), ("", ""), ("a", "a")]
)
def test_callers_have_equal_turns(calls: str, order: str) -> None:
    assert asyncio.run(order_of(calls)) == order


@pytest.mark.parametrize(("given_up", "order"), [(0, "abaa"), (4, "aaaa")])
def test_who_goes_away_leaves_their_turn_to_the_others(given_up: int, order: str) -> None:
    assert asyncio.run(order_of("aaaab", given_up)) == order


def test_who_goes_away_just_when_it_is_their_turn_passes_it_on() -> None:
    async def two() -> None:
        turns = Turns()

        async def call() -> None:
            async with turns.turn("a"):
                pass

        async with turns.turn("-"):
            first, second = asyncio.create_task(call()), asyncio.create_task(call())
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait_for(second, 30)

    asyncio.run(two())


def test_no_caller_takes_all_the_places(tmp_path: Path) -> None:
    """Of those who wait for a process: this pool has none."""

    async def crowd() -> tuple[str, int]:
        evaluator = Evaluator(WorkerPool("evaluate", 0, 2**30), Limits.of(Settings(data_dir=tmp_path)))
        request = pb.CompareFormulasRequest(a="x", b="x")

        def waits(caller: str) -> asyncio.Task[pb.CompareFormulasResponse]:
            return asyncio.create_task(evaluator.compare(request, caller))

        greedy = [waits("greedy") for _ in range(MAX_WAITING_EVALUATIONS)]
        modest = waits("modest")
        await asyncio.sleep(0.1)
        refused = [task.exception() for task in greedy if task.done()]
        reasons = {error.reason for error in refused if isinstance(error, ServiceError)}
        assert not modest.done()
        for task in (*greedy, modest):
            task.cancel()
        await asyncio.gather(*greedy, modest, return_exceptions=True)
        return ", ".join(reasons), len(refused)

    assert asyncio.run(crowd()) == ("TOO_MANY_EVALUATIONS", MAX_WAITING_EVALUATIONS // 2)


def test_a_caller_with_many_evaluations_does_not_hold_up_another(start_server: StartServer, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    greedy, modest = (authorized(token_of(file, caller, "read")) for caller in ("greedy", "modest"))
    request = pb.CompareFormulasRequest(a="sin(x)**2 + cos(x)**2", b="1")
    with start_server(tmp_path / "data", "--tokens", str(file)) as server:
        many = [server.stub.CompareFormulas.future(request, timeout=300, metadata=greedy) for _ in range(100)]
        server.stub.CompareFormulas(request, timeout=300, metadata=modest)
        assert not all(call.done() for call in many)
        for call in many:
            call.cancel()
        assert grpc.StatusCode.RESOURCE_EXHAUSTED not in {call.code() for call in many}


def test_who_goes_away_in_the_instant_before_their_turn_holds_nobody_up() -> None:
    async def two() -> bool:
        turns = Turns()

        async def call() -> bool:
            async with turns.turn("a"):
                return True

        async with turns.turn("-"):
            first, second = asyncio.create_task(call()), asyncio.create_task(call())
            await asyncio.sleep(0)
            first.cancel()
        return await asyncio.wait_for(second, 30)

    assert asyncio.run(two())
