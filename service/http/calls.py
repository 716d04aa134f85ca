"""What the headers of a call ask for: how long to wait, under which Idempotency-Key.

Prefer: wait=20 -> 20.0        Idempotency-Key: abc + method, path, body -> IdempotencyKey
"""

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request, Response

from enrichment.domain.accepted_requests import IdempotencyKey
from service.http.access import Caller
from service.http.bodies import LEAVE_IT_OUT
from service.problems import ApiProblem
from service.work.leased_work import Place

MOST_SECONDS = 900.0
_KEY, _REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")

PreferHeader = Annotated[
    str | None,
    Header(alias="Prefer", description="wait=20: answer when it has ended, or after 20 s", examples=["wait=20"]),
]
IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias=_KEY,
        min_length=1,
        max_length=255,
        description="Your own name for this call: repeated within 24 h, it is carried out once",
    ),
]


def wait_asked(prefer: str | None) -> float:
    """Seconds that `Prefer: wait=` asks for; 0 without it, or where it cannot be read (RFC 7240)."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), MOST_SECONDS) if found else 0.0


async def idempotency_key(given: str | None, request: Request, caller: Caller) -> IdempotencyKey | None:
    if given is None:
        return None
    called = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return IdempotencyKey(caller.owner, given, sha256(called).hexdigest())


def place_kept(request: Request) -> Place | None:
    """The slot that was reserved for this call before it reached its route; None: none was."""
    return getattr(request.state, "place", None)


def say_if_replayed(response: Response, replayed: bool) -> None:
    """Marks an answer that repeats what an earlier call with this Idempotency-Key made."""
    if replayed:
        response.headers[_REPLAYED] = "true"


def refuse_undeclared_key(request: Request, declared: Collection[str]) -> None:
    """Refuses an Idempotency-Key that the route does not take: its client would rely on it in vain.

    declared: headers of the route. Raises ApiProblem.
    """
    if request.method == "POST" and _KEY in request.headers and _KEY not in declared:
        raise ApiProblem("invalid", f"This route takes no {_KEY}: {LEAVE_IT_OUT}.")
