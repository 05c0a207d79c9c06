"""Callers by bearer token, and what their roles allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from google.rpc import code_pb2

from ansatz.service.access.token_file import TokenFile
from ansatz.service.errors import ServiceError

_SCHEME: Final = "bearer "


class Role(IntEnum):
    """What a caller may do; each role may do what the ones before it may."""

    READ = 1
    """See their own jobs, and compute what leaves nothing behind."""
    WRITE = 2
    """Create, cancel and delete their own jobs."""
    ADMIN = 3
    """All of it with everybody's jobs."""


@dataclass(frozen=True)
class Caller:
    """Who calls. `name` is empty where the server asks for no tokens."""

    name: str
    role: Role

    def owns(self, owner: str) -> bool:
        """Whether a job of that owner is there for this caller."""
        return self.role is Role.ADMIN or owner == self.name


ANYBODY: Final = Caller("", Role.ADMIN)
"""Who calls a server that asks for no tokens."""


class Access:
    """Finds the caller of a request. Without a token file everybody may do everything."""

    def __init__(self, tokens: Path | None) -> None:
        """Raises ValueError where the file is not right."""
        self._tokens = None if tokens is None else TokenFile(tokens)

    def caller(self, metadata: Iterable[tuple[str, str | bytes]] | None, needed: Role) -> Caller:
        """The caller by the request's metadata. Raises ServiceError: UNAUTHENTICATED without a token that is known,
        PERMISSION_DENIED where the role does not allow the method."""
        if self._tokens is None:
            return ANYBODY
        token = _bearer(metadata or ())
        if token is None:
            raise _unauthenticated("TOKEN_MISSING", "send a token: metadata 'authorization: Bearer TOKEN'")
        entry = self._tokens.find(token)
        if entry is None:
            raise _unauthenticated("TOKEN_UNKNOWN", "this server does not know the token; ask its keeper for one")
        caller = Caller(entry.caller, Role[entry.role.upper()])
        if caller.role < needed:
            raise ServiceError(
                code_pb2.PERMISSION_DENIED,
                "ROLE_TOO_LOW",
                f"this needs the role {needed.name.lower()!r}; the token has {entry.role!r}",
            )
        return caller


def _bearer(metadata: Iterable[tuple[str, str | bytes]]) -> str | None:
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value[: len(_SCHEME)].lower() == _SCHEME:
            return value[len(_SCHEME) :].strip()
    return None


def _unauthenticated(reason: str, message: str) -> ServiceError:
    return ServiceError(code_pb2.UNAUTHENTICATED, reason, message)
