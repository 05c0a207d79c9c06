"""``python -m ansatz.service.health``: asks the server of these settings (``ANSATZ_*``) whether it takes work.

For health checks of containers, from within. Exits with 0 where the server says SERVING, else with 1 and the reason.
"""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ansatz.service.settings import Settings, listen_host

_TIMEOUT_SECONDS: Final = 5.0
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where a server may listen


def main() -> None:
    """Exits as the module says."""
    try:
        settings = Settings()
        with _channel(settings) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_SECONDS
            )
    except grpc.RpcError as error:
        sys.exit(f"no answer: {error.code().name}: {error.details()}")
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        sys.exit(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


def _channel(settings: Settings) -> grpc.Channel:
    address, transport = _reachable(settings.listen), settings.transport
    if transport is None:
        return grpc.insecure_channel(address)
    # Trusts the server's certificate and no other; shows it as its own, where callers need one.
    certificate = transport.certificate.read_bytes()
    own = (transport.key.read_bytes(), certificate) if transport.client_authority else (None, None)
    name = ("grpc.ssl_target_name_override", _name_in(transport.certificate, address))
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(certificate, *own), options=[name])


def _reachable(listen: str) -> str:
    host = listen_host(listen)
    return listen if host not in _ANY_ADDRESS else f"{_ANY_ADDRESS[host]}:{listen.rpartition(':')[2]}"


def _name_in(certificate: Path, address: str) -> str:
    """The first name that the server's certificate is for: from here the server is reached by another. Raises OSError
    where the server shows another certificate, or none."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection) as encrypted,
    ):
        names = (encrypted.getpeercert() or {}).get("subjectAltName", ())
    first = str(names[0][1]) if names else host
    return first.replace("*", "health")


if __name__ == "__main__":
    main()
