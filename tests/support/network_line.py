"""A line between a browser and a service that may be cut, mended, or held up: bytes over real sockets.

with line_to(url) as line: page.goto(line.url); line.cut(); line.mend(); line.hold(); line.release()
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class Line:
    """Connects what comes to its port with the service. Cut: connections end, new ones are refused."""

    def __init__(self, service: tuple[str, int]) -> None:
        self._service, self._port = service, 0
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        self.mend()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def mend(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._port = listener.getsockname()[1]
        self._sockets.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        ends, self._sockets = self._sockets, []
        for one in ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def hold(self) -> None:
        """What is sent from now on arrives when it is released."""
        self._flows.clear()

    def release(self) -> None:
        self._flows.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._service)
                self._sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flows.wait()
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    address = urlsplit(url)
    line = Line((address.hostname or "", address.port or 0))
    try:
        yield line
    finally:
        line.release()
        line.cut()
