"""A watch of a job that is taken up again where the connection breaks."""

from __future__ import annotations

from ansatz.client.connection.patience import Outage
from ansatz.client.decode.records import record
from ansatz.client.errors import AnsatzError
from ansatz.client.results.job import JobEvent
from ansatz.v1 import discovery_service_pb2 as pb2


class Watch:
    """What to ask next, by what was heard: every event after a sequence once, without gap or repeat."""

    def __init__(self, name: str, after: int) -> None:
        self._name, self._after = name, after
        self._outage = Outage()

    @property
    def request(self) -> pb2.WatchJobRequest:
        return pb2.WatchJobRequest(name=self._name, after_sequence=self._after)

    def attached(self) -> None:
        """Take note that the server has the watch, though there may be nothing to tell."""
        self._outage.over()

    def heard(self, response: pb2.WatchJobResponse) -> JobEvent:
        """Return the event of an answer."""
        self._outage.over()
        self._after = response.event.sequence
        return record(JobEvent, response.event)

    def pause(self, error: AnsatzError) -> float:
        """Return the seconds to wait before asking again. Raises `error` where that makes no sense."""
        return self._outage.pause(error)
