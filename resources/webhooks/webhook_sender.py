"""Send one webhook: signed as Standard Webhooks has it, to public addresses alone, nothing followed.

url -> registrable(url): a sentence if it may not be used        WebhookSender.send(webhook, id, body) -> Outcome

A name is resolved when a connection is made, and the connection goes to the address that was checked.
"""

import asyncio
import secrets
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import httpcore
from standardwebhooks.webhooks import Webhook as Signer

from resources.webhooks.host_names import HostNames, NoAddress

_ATTEMPT_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_LOCAL = ("localhost", "local", "internal", "home.arpa", "localdomain")
"""RFC 6761, 6762, 8375, and what ICANN has reserved for networks of one's own."""
_NOT_PUBLIC = "take an address that is public"
_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class NotAllowed(OSError):
    """An address that webhooks may not be sent to; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """problem: why it was not delivered, for the key that registered it; None: it was."""

    status: int | None
    problem: str | None


def new_secret() -> str:
    """256 random bits, as Standard Webhooks writes them."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def registrable(url: str, *, loopback: bool) -> str | None:
    """Why it may not be registered; None: it may. loopback: http and this machine are allowed too.

    A name that can have no public address is refused here; which address a name has is seen when it is sent to.
    """
    problem, parts = checked(url, loopback=loopback), urlsplit(url)
    if problem is None and not (loopback and _is_loopback(parts)) and not _may_be_public(parts.hostname or ""):
        return _NOT_PUBLIC
    return problem


def checked(url: str, *, loopback: bool) -> str | None:
    """Why it may not be sent to, as far as its text shows; None: it may. loopback: as of `registrable`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "this is no address of a web server"
    if not parts.hostname or port == 0 or not url.isascii() or any(char <= " " or char in "\\\x7f" for char in url):
        return "this is no address of a web server, or not in ASCII: write an international name as xn--..."
    if parts.username is not None or parts.password is not None:
        return "leave user and password out: what is sent is signed with the secret of the webhook"
    local = loopback and _is_loopback(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "take an https address"
    literal = _literal(parts.hostname)
    if literal is not None and not _may_connect(literal, loopback=loopback):
        return _NOT_PUBLIC
    return None


class WebhookSender:
    """loopback: this machine may be sent to. seconds: for one attempt. trusted: certificates besides the usual ones.

    Used by one event loop.
    """

    def __init__(
        self,
        *,
        loopback: bool,
        seconds: float = _ATTEMPT_SECONDS,
        trusted: ssl.SSLContext | None = None,
        names: HostNames | None = None,
    ) -> None:
        self._loopback, self._seconds, self._names = loopback, seconds, names or HostNames()
        self._trusted = trusted

    async def send(self, url: str, secret: str, delivery_id: str, body: str, *, at: datetime) -> Outcome:
        """Never raises for what a receiver does."""
        if (problem := checked(url, loopback=self._loopback)) is not None:
            return Outcome(None, problem)
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._posted(url, _headers(secret, delivery_id, body, at), body.encode())
        except TimeoutError:
            return Outcome(None, f"no answer within {self._seconds:g} s")
        except (NotAllowed, NoAddress) as error:
            return Outcome(None, str(error))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Outcome(None, f"no answer: {type(error).__name__}")
        if 300 <= status < 400:
            return Outcome(status, f"it answered {status}: redirects are not followed")
        return Outcome(status, None if 200 <= status < 300 else f"it answered {status}")

    async def _posted(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """The status; the answer's body is not read."""
        network = _Checked(self._names, loopback=self._loopback)
        async with httpcore.AsyncConnectionPool(ssl_context=self._trusted or _usual(), network_backend=network) as pool:
            limits = {"timeout": {"connect": _CONNECT_SECONDS}}
            sent = list(headers.items())
            async with pool.stream("POST", url, headers=sent, content=body, extensions=limits) as answer:
                return int(answer.status)


@cache
def _usual() -> ssl.SSLContext:
    """The certificates this machine trusts; read with the first webhook: that takes 20 ms."""
    return ssl.create_default_context()


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were checked."""

    def __init__(self, names: HostNames, *, loopback: bool) -> None:
        self._names, self._loopback, self._network = names, loopback, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises NotAllowed where any address of the name is not public, NoAddress where it has none."""
        addresses = await self._names.addresses(host, port)
        for address in addresses:
            if not _may_connect(ip_address(address), loopback=self._loopback):
                raise NotAllowed(f"{host} has an address that is not public: nothing is sent to it")
        for last in addresses[:-1]:
            try:
                return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _headers(secret: str, delivery_id: str, body: str, at: datetime) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "user-agent": "enrichment",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(secret).sign(delivery_id, at, body),
    }


def _may_connect(address: Address, *, loopback: bool) -> bool:
    """Whether an address may be sent to. One that embeds another address (IPv4 in IPv6) is judged by that one."""
    if isinstance(address, IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return _may_connect(inside, loopback=loopback)
        if address.scope_id is not None:
            return False
    if address.is_loopback:
        return loopback
    return address.is_global and not address.is_multicast


def _inside(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.sixtofour


def _is_loopback(parts: SplitResult) -> bool:
    literal = _literal(parts.hostname or "")
    return parts.hostname == "localhost" or (literal is not None and literal.is_loopback)


def _may_be_public(host: str) -> bool:
    """An address; or a name of several labels that is not below one of a local network."""
    if _literal(host) is not None:
        return True
    name = host.rstrip(".")
    return "." in name and not any(name.endswith(f".{local}") for local in _LOCAL)


def _literal(host: str) -> Address | None:
    """The address that a host is, also as inet_aton reads it: 127.1, 0x7f.1 and 2130706433 are addresses too."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None
