"""Equal turns between callers who wait for the same thing."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class Turns:
    """One call at a time has the turn; then it is the next caller's, with the call of theirs that came first."""

    def __init__(self) -> None:
        # Of those who wait, the caller whose turn is next comes first.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._taken = False

    @contextlib.asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Returns when it is the caller's turn, which lasts as long as the context."""
        if self._taken:
            await self._wait(caller)
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, caller: str) -> None:
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.cancelled():
                self._leave(caller, called)
            else:
                self._pass_on()
            raise

    def _leave(self, caller: str, called: asyncio.Future[None]) -> None:
        self._waiting[caller].remove(called)
        if not self._waiting[caller]:
            del self._waiting[caller]

    def _pass_on(self) -> None:
        called = self._next()
        self._taken = called is not None
        if called is not None:
            called.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """The call whose turn is next. One that was cancelled an instant ago is still there, and leaves by itself."""
        for caller, calls in self._waiting.items():
            called = next((call for call in calls if not call.done()), None)
            if called is not None:
                del self._waiting[caller]
                calls.remove(called)
                if calls:
                    self._waiting[caller] = calls
                return called
        return None
