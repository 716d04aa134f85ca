"""What the service has promised: requests it accepted, quotes it gave, what an Idempotency-Key means.

    open -> ended           an open one whose process is gone is taken over by another process

Money in micro-USD, times in UTC. owner: id of the key that asked; empty: on loopback, without a key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.json_values import Json
from enrichment.domain.requests import CacheRead, Event, Request

AcceptedState = Literal["open", "ended"]


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """A request that is carried out whatever becomes of the process that accepted it.

    request_id: of the Request too. ask: what is asked, as ask_as_json gives it. problem: why it ended without a result;
    None: its Request states how it ended. stop_asked_at: nothing more is bought for it from then on.
    """

    request_id: str
    owner: str
    ask: Mapping[str, Json]
    accepted_at: datetime
    state: AcceptedState = "open"
    stop_asked_at: datetime | None = None
    ended_at: datetime | None = None
    problem: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """A request that layer 1 has answered as a whole: it has ended as soon as it is accepted."""

    accepted: AcceptedRequest
    request: Request
    reads: tuple[CacheRead, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class GivenQuote:
    """A quote as it was given: accepted until valid_until, for this ask, at no more than `most`."""

    quote_id: str
    owner: str
    ask: Mapping[str, Json]
    expected: int
    most: int
    created_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The client's own name for one call. body_hash: of method, path and body: another one is another call."""

    owner: str
    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class MadeBefore:
    """What an earlier call with the same Idempotency-Key made: id of the request or batch. same: its body was, too."""

    made: str
    same: bool
