"""One HTTP request to a vendor, what came back, and what carries it.

HttpCall -> Transport.receive -> HttpResponse | NotSent, which cannot be billed | Lost, which may be
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

from enrichment.domain.json_values import Json

FREE: Mapping[str, int] = MappingProxyType({})
Charge = Literal["billed", "free"]


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One HTTP request, its path below the provider's base URL.

    owed: units billed for certain once it is answered with 2xx; None: it may be billed, and the amount is unknown.
    repeatable: sending it twice costs no more than once.
    accepts: statuses besides 2xx that are answers -> whether the vendor bills them; a free one never owes anything,
    whether its body can be read or not.
    not_begun: statuses of failures after which the vendor has done nothing, so that any call is sent again.
    whole: a body that broke off is an error; False: the response is read all the same, for its headers.
    """

    method: str
    path: str
    params: Sequence[tuple[str, str]] = ()
    json: Json = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    owed: Mapping[str, int] | None = field(default_factory=lambda: FREE)
    repeatable: bool = True
    accepts: Mapping[int, Charge] = field(default_factory=dict)
    not_begun: Collection[int] = ()
    whole: bool = True

    def owed_for(self, status: int) -> Mapping[str, int] | None:
        """Units owed, as in `owed`, for an answer of this status."""
        return FREE if self.accepts.get(status) == "free" else self.owed


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back. headers: names in lower case.

    broken: why the body is not complete: Lost (the connection) or ValueError (too large).
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    broken: Exception | None = None

    @property
    def text(self) -> str:
        charset = re.search(r"charset=[\"']?([\w.:-]+)", self.headers.get("content-type", ""))
        try:
            return self.content.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")


class NotSent(Exception):
    """The request never left this machine, so it cannot be billed."""


class Lost(Exception):
    """The request was sent, but no complete answer came."""


class Transport(Protocol):
    """Carries a call to the vendor."""

    async def receive(self, call: HttpCall, *, seconds: float) -> HttpResponse:
        """Raises NotSent or Lost."""
        ...
