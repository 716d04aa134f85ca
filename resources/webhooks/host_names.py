"""Addresses of names, looked up in threads of its own: names that nothing answers for keep no other look-up waiting.

HostNames.addresses(host, port) -> ["203.0.113.7"], within a bounded time

The event loop looks names up in a few threads that all its connections share, and cannot end a look-up in them.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_AT_ONCE = 8
_SECONDS = 5.0

Look = Callable[[str, int], list[str]]


class NoAddress(OSError):
    """A name without an address, or without an answer in time; the message is a sentence."""


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver gives, each once. Blocks. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class HostNames:
    """at_once: threads at most. seconds: for one name, the wait for a thread included. Used by one event loop."""

    def __init__(self, *, at_once: int = _AT_ONCE, seconds: float = _SECONDS, look: Look = addresses_of) -> None:
        self._places, self._seconds, self._look = asyncio.Semaphore(at_once), seconds, look

    async def addresses(self, host: str, port: int) -> list[str]:
        """Raises NoAddress."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
                return await self._looked_up(host, port)
        except TimeoutError as error:
            raise NoAddress(f"{host} was not found within {self._seconds:g} s: check the name") from error
        except OSError as error:
            raise NoAddress(f"{host} has no address: check the name") from error

    def _looked_up(self, host: str, port: int) -> "asyncio.Future[list[str]]":
        """Looks a name up. Its thread stays occupied until the look-up ends, even if nothing waits for it any more."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def over(addresses: list[str] | OSError) -> None:
            self._places.release()
            if found.done():
                return
            if isinstance(addresses, OSError):
                found.set_exception(addresses)
            else:
                found.set_result(addresses)

        def look() -> None:
            outcome: list[str] | OSError
            try:
                outcome = self._look(host, port)
            except UnicodeError:  # a label that is empty or too long
                outcome = OSError(f"{host} is no name")
            except OSError as error:
                outcome = error
            with suppress(RuntimeError):  # the loop is closed: nothing waits for it
                loop.call_soon_threadsafe(over, outcome)

        # A daemon: a process that ends does not wait for a name.
        threading.Thread(target=look, name="host-names", daemon=True).start()
        return found
