"""The asyncio client has the surface of the blocking one."""

from __future__ import annotations

import inspect

import pytest

from ansatz import client
from ansatz.client import AsyncClient, AsyncJobHandle, Client, JobHandle
from ansatz.client.connection import connection
from ansatz.v1 import discovery_service_pb2 as pb


def surface(kind: type) -> dict[str, list[str]]:
    members = inspect.getmembers(kind, lambda m: inspect.isfunction(m) or isinstance(m, property))
    return {
        name: list(inspect.signature(member).parameters) if inspect.isfunction(member) else ["property"]
        for name, member in members
        if not name.startswith("_") or name == "__init__"
    }


@pytest.mark.parametrize(("blocking", "asyncio"), [(Client, AsyncClient), (JobHandle, AsyncJobHandle)])
def test_same_methods_with_the_same_parameters(blocking: type, asyncio: type) -> None:
    assert surface(asyncio) == surface(blocking)


def test_no_wire_class_is_public() -> None:
    assert sorted(client.__all__) == client.__all__
    assert not [name for name in client.__all__ if getattr(client, name).__module__.startswith("ansatz.v1")]


def test_every_method_is_safe_to_repeat_or_known_not_to_be() -> None:
    methods = set(pb.DESCRIPTOR.services_by_name["DiscoveryService"].methods_by_name)
    assert methods - set(connection._REPEATABLE) == {"WatchJob", "UploadObservations", "DeleteJob"}
