"""Many who watch jobs at once, in a process of their own: what they cost is not to be taken for the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import grpc

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub

_PER_CHANNEL: Final = 20
# Else channels to one address share one connection.
_OWN_CONNECTION: Final = [("grpc.use_local_subchannel_pool", 1)]


@dataclass(frozen=True)
class Watched:
    """What watchers saw: how many watched to the end, events, calls that failed, sequences with a gap or a repeat."""

    ended: int
    events: int
    failed: int
    broken: int


def watch(address: str, names: Sequence[str], watchers: int, pipe: Connection) -> None:
    """Watch jobs, in turn, until they are final; says "watching" on the pipe once every watcher has heard something,
    and then what they saw."""
    pipe.send(asyncio.run(_watch(address, names, watchers, pipe)))


async def _watch(address: str, names: Sequence[str], watchers: int, pipe: Connection) -> Watched:
    channels = [
        grpc.aio.insecure_channel(address, options=_OWN_CONNECTION) for _ in range(-(-watchers // _PER_CHANNEL))
    ]
    stubs = [DiscoveryServiceStub(channel) for channel in channels]
    heard = asyncio.Semaphore(0)

    async def one(i: int) -> tuple[int, bool, bool]:
        sequences: list[int] = []
        call = stubs[i // _PER_CHANNEL].WatchJob(pb.WatchJobRequest(name=names[i % len(names)]))
        try:
            async for response in call:
                if not sequences:
                    heard.release()
                sequences.append(response.event.sequence)
        except grpc.RpcError:
            return len(sequences), True, False
        return len(sequences), False, sequences != list(range(1, len(sequences) + 1))

    tasks = [asyncio.create_task(one(i)) for i in range(watchers)]
    for _ in range(watchers):
        await heard.acquire()
    pipe.send("watching")
    seen = await asyncio.gather(*tasks)
    for channel in channels:
        await channel.close()
    failed, broken = sum(f for _, f, _ in seen), sum(b for _, _, b in seen)
    return Watched(watchers - failed, sum(n for n, _, _ in seen), failed, broken)
