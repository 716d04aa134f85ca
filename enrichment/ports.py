"""What the business asks of the outside: Store, Provider, LanguageModel; and how they fail.

ProviderError                 nothing usable came back; billed says what is owed all the same
  + ProviderUnavailable       timeout, refused, 5xx, throttled: the fallback's turn
      + Throttled             asked too fast
  + ClaimLost                 the purchase is somebody else's by now: not sent
  + CredentialsRejected       nobody's turn until someone fixes the key
  + QuotaExhausted            nobody's turn until the plan renews
  + UnexpectedReply           an answer, but not of the promised shape
      + ModelRefused, AnswerTruncated
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from enrichment.domain.records import (
    Analysis,
    CacheRead,
    Cap,
    Company,
    Event,
    Fact,
    Json,
    Known,
    Outage,
    Profile,
    ProfileHead,
    Purchase,
    Reply,
    Request,
    Suspension,
)

AnswerType = TypeVar("AnswerType", bound=BaseModel)


class ProviderError(Exception):
    """A provider gave nothing usable. The message is one sentence without secrets that says what to do.

    billed: units the vendor certainly bills for what happened. uncertain: it may bill for the call that failed.
    """

    def __init__(
        self, message: str, *, provider: str, billed: Mapping[str, int] | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.billed = dict(billed or {})
        self.uncertain = uncertain


class ProviderUnavailable(ProviderError):
    pass


class Throttled(ProviderUnavailable):
    """retry_after: seconds the vendor asked us to wait, if it said."""

    retry_after: float | None = None


class ClaimLost(ProviderError):
    pass


class CredentialsRejected(ProviderError):
    pass


class QuotaExhausted(ProviderError):
    pass


class UnexpectedReply(ProviderError):
    pass


class ModelRefused(UnexpectedReply):
    pass


class AnswerTruncated(UnexpectedReply):
    pass


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """One call of one source about one company. spec: `question` of config/sources.yaml.

    handle: what an earlier process got from a two-step vendor; resume by it instead of asking again.
    first_sent_at: when this very purchase was sent before, if it was: what the vendor repeats for free since then was
    billed to it.
    """

    source: str
    spec: Mapping[str, Json]
    unit: str
    max_units: int
    name: str | None
    domain: str | None
    handle: str | None = None
    first_sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """payload: step -> the vendor's body, as it came. units: vendor units it bills. calls: HTTP requests.

    in_doubt: units it may bill besides, for a call whose answer was lost after others had come.
    """

    found: bool
    payload: Mapping[str, Json]
    units: Mapping[str, int]
    calls: int = 1
    notes: tuple[str, ...] = ()
    in_doubt: Mapping[str, int] = field(default_factory=dict)


KeepHandle = Callable[[str], Awaitable[None]]
BeforeSend = Callable[[], Awaitable[None]]  # raises ClaimLost: what was about to be sent must not be


class Provider(Protocol):
    """A vendor we can ask. One object per process and event loop; `ask` may run many times at once."""

    @property
    def name(self) -> str: ...

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        """Ask. Awaits sending() immediately before each call that may be billed, after every wait for our turn; and
        keep_handle(handle) before polling, where the vendor works in two steps.

        Raises ProviderError; never anything else.
        """
        ...


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[AnswerType]):
    value: AnswerType
    input_tokens: int
    output_tokens: int


class LanguageModel(Protocol):
    """Prompt in, typed answer out."""

    @property
    def name(self) -> str: ...

    async def answer(
        self,
        answer_type: type[AnswerType],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer[AnswerType]:
        """Awaits sending() immediately before each call. Raises ProviderError; `billed` then carries input_token and
        output_token where the vendor said.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reserved:
    purchase: Purchase


@dataclass(frozen=True, slots=True)
class CapReached:
    """Which cap stands in the way, and how much it still allows (micro-USD)."""

    cap: str
    left_micro_usd: int


@dataclass(frozen=True, slots=True)
class AlreadyClaimed:
    """Another purchase of the same (company, source, variant) is under way."""

    purchase_id: str
    lease_until: datetime
    handle: str | None


@dataclass(frozen=True, slots=True)
class AlreadyBought:
    """There is an answer by now that whoever asks had not seen. answer: id of the reply, or of the analysis."""

    answer: str


@dataclass(frozen=True, slots=True)
class AskedInVain:
    """Another request asked the same since this one began, and paid, or may have paid, for no answer."""

    purchase_id: str


@dataclass(frozen=True, slots=True)
class Busy:
    """As many purchases of the provider are under way, over all processes, as it allows."""

    under_way: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nobody may ask now: the provider is out, or the source is suspended."""

    by: Outage | Suspension


@dataclass(frozen=True, slots=True)
class Breaker:
    """When to stop asking a provider: after so many failures in a row, for so long (seconds); twice as long each time.

    exhausted_seconds: how long nobody asks after it said that the plan is used up.
    """

    failures: int
    first_seconds: float
    longest_seconds: float
    exhausted_seconds: float


NotReserved = CapReached | AlreadyClaimed | AlreadyBought | AskedInVain | Busy | Unavailable


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and a dataset it may answer. least_completeness: of a fact that is good, by the rules of now."""

    source: str
    dataset: str
    least_completeness: float


class ReplyState(NamedTuple):
    """The newest reply of a source about a company, and how its facts count.

    counted: pieces with a space between, one a fact: 'n+' it is of pair number n and good, 'n-' it is not good, '?' it
    needs a closer look.
    """

    company_id: str
    source: str
    collected_at: datetime
    counted: str


class StoreError(Exception):
    """The store cannot be used; the message says what to do."""


class PurchaseClosed(StoreError):
    """The purchase has been ended already, or another process has resumed it; nothing was written."""


class Store(Protocol):
    """Operational state. Every method is one short transaction; blocking: call it from a thread in async code."""

    # companies
    def company(self, key: str) -> Company | None:
        """By key, or by a former key of it."""
        ...

    def companies_named(self, name: str) -> list[Company]:
        """Those that go by this name, legal form and spelling aside."""
        ...

    def company_by_id(self, company_id: str) -> Company | None:
        """By its id, or by that of a company that turned out to be it. So it is with every id below."""
        ...

    def companies(self) -> list[Company]: ...
    def add_companies(self, companies: Sequence[Company]) -> list[Company]:
        """Adds those whose key is new; returns all as they stand in the store, in the order given."""
        ...

    def rekey(self, company_id: str, *, key: str, name: str | None, domain: str | None) -> Company:
        """Gives a company its new key; the old one stays as an alias.

        If another company has the key, it is returned, with all that was known of this one.
        """
        ...

    # what is known
    def known(self, company_id: str, source: str | None = None) -> Known:
        """source: only what this one has said."""
        ...

    def known_many(self, company_ids: Sequence[str]) -> dict[str, Known]: ...
    def reply_states(self, pairs: Sequence[Pair]) -> Iterator[ReplyState]:
        """Every newest reply, company by company, from one snapshot; facts of other datasets do not count."""
        ...

    def reply(self, reply_id: str) -> Reply | None: ...
    def keep_facts(self, reply_id: str, facts: Sequence[Fact], *, reader_version: int | None = None) -> None:
        """Replaces the facts of a reply (a newer reader has read it again)."""
        ...

    # requests and what happened in them
    def open_request(self, request: Request) -> None: ...
    def close_request(self, request: Request, *, profiles: Sequence[Profile], reads: Sequence[CacheRead]) -> None:
        """Writes the finished request, its cache reads and its profiles in one transaction."""
        ...

    def request(self, request_id: str) -> Request | None: ...
    def record(self, events: Sequence[Event]) -> None: ...
    def events(self, request_id: str) -> list[Event]: ...
    def purchases(self, request_id: str) -> list[Purchase]: ...
    def cache_reads(self, request_id: str) -> list[CacheRead]: ...

    # purchases: reserved -> sent -> settled | released | uncertain
    def reserve(
        self,
        purchase: Purchase,
        caps: Sequence[Cap],
        *,
        at_once: int,
        seen: Collection[str] | None = None,
        since: datetime | None = None,
    ) -> Reserved | NotReserved:
        """Claims (company, source, variant) and reserves the most it may cost under all caps, or nothing at all.

        at_once: how many purchases of this provider may be under way, over all processes. seen: ids of the answers the
        caller knows of: where there is another one, the newest reply of the source about the company or the analysis
        of this variant, nothing is to be bought; None: whatever there is. since: when the request began: what another
        one has asked in vain after that is not asked again for it. A provider that is out lets one purchase through
        when its time is over: the probe. An expired claim is taken over, and so is an uncertain purchase of the same
        question: where it has a handle, or is repeatable still and asked exactly the same, it is
        resumed, returned as Reserved with its own purchase_id, its next attempt and state sent; else it ends (released
        if never sent) and a new one begins.
        """
        ...

    def send(self, purchase: Purchase, *, at: datetime, lease_until: datetime | None = None) -> bool:
        """Marks it sent, if its claim still holds; False: it does not, and nothing may be sent.

        lease_until: a new lease, also where the old one is over but nobody has taken it up; for what has a handle.
        """
        ...

    def keep_handle(self, purchase: Purchase, handle: str, *, lease_until: datetime) -> bool:
        """From here on another process may resume by the handle, once this (shorter) lease is over.

        False: one has, and nothing is written.
        """
        ...

    def settle(
        self,
        purchase: Purchase,
        *,
        reply: Reply | None,
        facts: Sequence[Fact],
        analysis: Analysis | None = None,
        suspend: str | None = None,
        rest: Purchase | None = None,
    ) -> None:
        """Charge, reply, facts and analysis in one transaction; gives back the rest of the reserve, frees the claim.

        rest: what of it may be billed besides, as an uncertain purchase of its own, which keeps that part reserved.
        An answer ends the provider's failures in a row. suspend: why its source is not to be asked any more.
        Raises PurchaseClosed.
        """
        ...

    def release(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """Not billed: the reserve is given back, the claim freed."""
        ...

    def mark_uncertain(self, purchase: Purchase, *, at: datetime, reason: str) -> None:
        """We cannot know: the reserve stays booked, the claim is freed."""
        ...

    def is_claimed(self, purchase_id: str) -> bool:
        """Whether this purchase still holds its claim, expired or not."""
        ...

    def failed(self, provider: str, breaker: Breaker, *, exhausted: bool, because: str, at: datetime) -> None:
        """One more failure in a row; when they are too many, or its plan is exhausted, nobody asks for a while."""
        ...

    def answered(self, provider: str) -> None:
        """It answers again: its failures are forgotten, and whatever bars it is lifted."""
        ...

    def unavailable(self, at: datetime) -> tuple[dict[str, Outage], dict[str, Suspension]]:
        """Providers nobody may ask at `at` (those due for a probe are not among them), and suspended sources."""
        ...

    def spent(self, cap_names: Sequence[str]) -> dict[str, int]:
        """What each cap has taken so far, reserves included (micro-USD)."""
        ...

    # analyses and profiles
    def analysis(self, key: str) -> Analysis | None: ...
    def latest_profile(self, company_id: str, consumer: str, audience: str | None) -> Profile | None: ...
    def latest_profiles(self, consumer: str) -> dict[str, ProfileHead]:
        """company_id -> the newest profile written for no audience; in one read."""
        ...

    def profile(self, profile_id: str) -> Profile | None: ...
