"""How long the head of a call may take to arrive: beyond that its connection is closed, which nothing else would do.

patient(seconds) -> uvicorn's HTTP protocol, with that limit, and with problems where it answers by itself
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.problems import MEDIA_TYPE, ApiProblem

HEAD_SECONDS = 20.0


def patient(seconds: float) -> type[HttpToolsProtocol]:
    """seconds: from the connection, or from the first byte of a later call, to the end of its head."""

    class Patient(HttpToolsProtocol):
        _due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._due = self.loop.call_later(seconds, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_waiting()
            elif self._due is None:
                self._due = self.loop.call_later(seconds, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002  as uvicorn calls it
            problem = ApiProblem("not_http", "Send a request of HTTP/1.1: what came is none.")
            body = json.dumps(problem.as_json()).encode()
            head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
            self.transport.close()

        def _stop_waiting(self) -> None:
            if self._due is not None:
                self._due.cancel()
                self._due = None

    return Patient
