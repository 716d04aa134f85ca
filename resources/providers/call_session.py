"""The calls of one ask: sent in turn, sent again only where that costs nothing, every failure named for what to do.

    Call -> our turn -> sending(), if it may be billed -> the wire -> Received -> read | ProviderError with what is owed

lost on the way, or failed in a way the vendor may bill: uncertain, if the call is paid; refused: nothing billed
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeVar

import httpx
import stamina
import stamina.instrumentation

from enrichment.domain.records import Json
from enrichment.ports import (
    BeforeSend,
    CredentialsRejected,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    SourceAnswer,
    Throttled,
    UnexpectedReply,
)
from enrichment.rules.models import ProviderRules
from resources.providers.rate_limiter import Limiter, NoTurn, asked_to_wait, our_turn

FREE: Mapping[str, int] = MappingProxyType({})
ATTEMPTS = 3
FAILED_LOOKS = 3  # at one running job, each of so many attempts
LONGEST_RETRY_AFTER = 20.0  # seconds of the vendor's time; who asks us to wait longer leaves the turn to the fallback
LONGEST_BACKOFF = 2.0  # seconds
LEAST_TIME = 0.05  # seconds; a call with less left would only be lost
SHOWN_OF_A_REFUSAL = 160
GATEWAY_GAVE_UP = (502, 504)
NO_TURN = (
    "was not asked, since its limits are reached ({what}): ask later, or raise its rate_limits in "
    "config/providers.yaml if the plan allows more."
)
TOO_LATE = "was not asked in time ({what}): ask again, with fewer requests at a time."

_WHAT_TO_DO: Mapping[type[ProviderError], str] = {
    CredentialsRejected: "does not accept the credentials ({what}): check {credentials}.",
    QuotaExhausted: "has nothing left on its plan ({what}): top it up, or wait until it renews.",
    Throttled: "wants fewer calls ({what}): lower its rate_limits in config/providers.yaml, or try again later.",
    ProviderUnavailable: "is out of order ({what}): try again later.",
    UnexpectedReply: "did not answer as its protocol promises ({what}): check the source's question and the base URL.",
}

Read = TypeVar("Read")

# stamina finds structlog, which dagster brings along, and would write each repeat to standard output
stamina.instrumentation.set_on_retry_hooks([])


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, its path below the provider's base URL.

    owed: units billed for certain once it is answered with 200; None: it may bill, and we cannot know how much.
    repeatable: sending it twice costs no more than once. accepts: statuses that are answers, besides 2xx.
    whole: a body that broke off is no answer; False: it is read all the same, for what its head says.
    """

    method: str
    path: str
    params: Sequence[tuple[str, str]] = ()
    json: Json = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    owed: Mapping[str, int] | None = field(default_factory=lambda: FREE)
    repeatable: bool = True
    accepts: tuple[int, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Received:
    """What came back. broken: why the body is not whole, if it is not: Lost on the way, or a ValueError."""

    status: int
    headers: httpx.Headers
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
    """The request never left this machine, so nobody can bill it."""


class Lost(Exception):
    """The request left, and no answer came."""


class Wire(Protocol):
    """What carries a call to the vendor."""

    async def receive(self, call: Call, *, seconds: float) -> Received:
        """Raises NotSent or Lost."""
        ...


Refusal = Callable[[Received], type[ProviderError]]
Advice = Callable[[Received], str | None]


@dataclass(frozen=True, slots=True)
class House:
    """What every exchange with one provider shares. refusal: which error a status means there.

    advice: what to do about it, where that is not what its kind of error says.
    may_bill: statuses of failures that a paid call may be billed for all the same.
    """

    name: str
    credentials: str
    rules: ProviderRules
    wire: Wire
    limiter: Limiter
    refusal: Refusal
    advice: Advice
    may_bill: Collection[int]
    time_scale: float


class _FailedAttempt(Exception):
    """again: may be sent again at no cost, after so many seconds if the vendor said."""

    def __init__(self, error: ProviderError, *, again: bool, owed: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.owed = owed


class Exchange:
    """Counts the calls and the units of one ask, and ends it in time.

    sending: awaited immediately before each call that may be billed; what it raises ends the ask as it is.
    job_running: the vendor works on something it will bill, so whatever fails now is uncertain.
    asked_before: by an earlier process, whose last paid call may have been billed: ours failing does not undo that.
    status: of the last reply.
    """

    def __init__(self, house: House, before_send: BeforeSend, *, asked_before: bool = False) -> None:
        self.house = house
        self._asked_before = asked_before
        self._sending = before_send
        self.calls = 0
        self.units: Counter[str] = Counter()
        self.job_running = False
        self.status: int | None = None
        self._clock = asyncio.get_running_loop().time
        self.began = self._clock()
        self._deadline = self.began + house.rules.timeout_seconds

    @property
    def elapsed(self) -> float:
        return self._clock() - self.began

    def answer(
        self, *, found: bool, payload: Mapping[str, Json], notes: Sequence[str] = (), in_doubt: Mapping[str, int] = FREE
    ) -> SourceAnswer:
        units = {unit: count for unit, count in self.units.items() if count}
        return SourceAnswer(
            found=found,
            payload=payload,
            units=units,
            calls=max(1, self.calls),
            notes=tuple(notes),
            in_doubt=dict(in_doubt),
        )

    def error(
        self,
        kind: type[ProviderError],
        what: str,
        *,
        owed: Mapping[str, int] = FREE,
        uncertain: bool = False,
        advice: str | None = None,
    ) -> ProviderError:
        """The error to raise, with what this ask owes by now. advice: with {what}, instead of what its kind says."""
        sentence = (advice or _WHAT_TO_DO[kind]).format(what=what, credentials=self.house.credentials)
        return kind(
            f"{self.house.name} {sentence}",
            provider=self.house.name,
            billed=+(self.units + Counter(owed)),
            uncertain=uncertain or self.job_running,
        )

    def refused(self, received: Received, *, uncertain: bool = False) -> ProviderError:
        """What a reply that is no answer means."""
        what = f"HTTP {received.status}: {_words(received)}"
        kind, advice = self.house.refusal(received), self.house.advice(received)
        error = self.error(kind, what, uncertain=uncertain, advice=advice)
        if isinstance(error, Throttled):
            error.retry_after = asked_to_wait(received.headers)
        return error

    async def send(self, call: Call, read: Callable[[Received], Read]) -> Read:
        """What `read` makes of the reply; `read` raises ValueError if it cannot. Raises ProviderError, ClaimLost."""
        doubtful = self._asked_before and call.owed != FREE
        try:
            async for attempt in stamina.retry_context(
                on=self._pause,
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=0.2 / self.house.time_scale,
                wait_max=LONGEST_BACKOFF / self.house.time_scale,
                wait_jitter=0.3 / self.house.time_scale,
            ):
                with attempt:
                    try:
                        return await self._attempt(call, read)
                    except _FailedAttempt as failed:
                        failed.error.uncertain |= doubtful and not failed.owed
                        doubtful = failed.error.uncertain or failed.owed
                        raise
        except _FailedAttempt as failed:
            raise failed.error from None
        raise AssertionError("a retry ends with a reply or an error")

    async def slow_down(self, received: Received) -> None:
        """Nobody, in any process, asks the vendor for as long as this reply wants, or for a moment."""
        await self.house.limiter.pause(asked_to_wait(received.headers))

    async def polled(self, look: Callable[[], Awaitable[Read | None]]) -> Read:
        """Looks at a running job, again and again, until it is over or the ask's time is; looks that fail are few."""
        poll, failures = self.house.rules.poll, 0
        wait = poll.first_seconds
        while wait / self.house.time_scale + LEAST_TIME < self._left:
            await asyncio.sleep(wait / self.house.time_scale)
            wait = min(wait * poll.factor, poll.longest_seconds)
            try:
                found = await look()
            except ProviderUnavailable:
                failures += 1
                if failures == FAILED_LOOKS or not self.job_running:
                    raise
                continue
            if found is not None:
                return found
        raise self.error(ProviderUnavailable, f"its job is not ready after {self.house.rules.timeout_seconds:g} s")

    def _pause(self, failed: Exception) -> bool | float:
        """Whether to try again, and after how many seconds if the vendor said."""
        if not isinstance(failed, _FailedAttempt) or not failed.again:
            return False
        asked = failed.error.retry_after if isinstance(failed.error, Throttled) else None
        wait = (LONGEST_BACKOFF if asked is None else asked) / self.house.time_scale
        if wait > min(LONGEST_RETRY_AFTER / self.house.time_scale, self._left):
            return False
        return True if asked is None else wait

    @property
    def _left(self) -> float:
        return self._deadline - self._clock()

    async def _attempt(self, call: Call, read: Callable[[Received], Read]) -> Read:
        received = await self._receive(call)
        if not (200 <= received.status < 300 or received.status in call.accepts):
            failed = self._failed_with(call, received)
            if isinstance(failed.error, Throttled):
                await self.slow_down(received)
            raise failed
        try:
            if received.broken and call.whole:
                raise received.broken
            return read(received)
        except (Lost, ValueError, RecursionError) as error:
            kind = ProviderUnavailable if isinstance(error, Lost) else UnexpectedReply
            what = f"HTTP {received.status}, {_short(error)}"
            named = self.error(kind, what, owed=call.owed or FREE, uncertain=call.owed is None)
            raise _FailedAttempt(named, again=call.repeatable, owed=bool(call.owed)) from None

    async def _receive(self, call: Call) -> Received:
        await self._our_turn(call)
        self.calls += 1
        try:
            received = await self.house.wire.receive(call, seconds=max(0.01, self._left))
        except NotSent as error:
            raise _FailedAttempt(self.error(ProviderUnavailable, str(error)), again=True) from None
        except Lost as error:
            lost = self.error(ProviderUnavailable, str(error), uncertain=call.owed != FREE)
            raise _FailedAttempt(lost, again=call.repeatable) from None
        self.status = received.status
        return received

    async def _our_turn(self, call: Call) -> None:
        """After every wait; what follows is the wire."""
        try:
            await our_turn(
                self.house.limiter, left=lambda: self._left, before_send=None if call.owed == FREE else self._sending
            )
        except NoTurn as error:
            raise _FailedAttempt(self.error(Throttled, str(error), advice=NO_TURN), again=False) from None
        if self._left < LEAST_TIME:
            raise _FailedAttempt(self.error(Throttled, "its time was over", advice=TOO_LATE), again=False)

    def _failed_with(self, call: Call, received: Received) -> _FailedAttempt:
        uncertain = received.status in self.house.may_bill and call.owed != FREE
        error = self.refused(received, uncertain=uncertain)
        passing = isinstance(error, Throttled) or (isinstance(error, ProviderUnavailable) and call.repeatable)
        return _FailedAttempt(error, again=passing)


def as_json(received: Received) -> Json:
    """Raises ValueError: what came is no JSON."""
    if not received.content.strip():
        raise ValueError("an empty body")
    try:
        return json.loads(received.content, parse_constant=_no_number)
    except ValueError:
        # half a JSON body may be half a person: only what was never meant as JSON is quoted
        half = received.content.lstrip()[:1] in (b"{", b"[")
        raise ValueError("broken JSON" if half else f"not JSON: {_words(received)}") from None


def as_object(received: Received) -> dict[str, Json]:
    """Raises ValueError: what came is no JSON object."""
    body = as_json(received)
    if not isinstance(body, dict):
        raise ValueError(f"a JSON {type(body).__name__} instead of an object")
    return body


def as_it_came(received: Received) -> Received:
    return received


def refusal_by_status(received: Received) -> type[ProviderError]:
    """What a status means where the vendor's words say nothing else."""
    match received.status:
        case 401 | 403:
            return CredentialsRejected
        case 402:
            return QuotaExhausted
        case 429:
            return Throttled
        case 408 | 425:
            return ProviderUnavailable
        case status if status >= 500:
            return ProviderUnavailable
        case _:
            return UnexpectedReply


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _words(received: Received) -> str:
    """The vendor's own words, cut short."""
    try:
        said = _said(json.loads(received.content))
    except (ValueError, RecursionError):
        said = re.sub(r"<[^>]*>", " ", received.text[:4000])
    return _short(said) or "no words"


def _said(body: Json) -> str:
    for key in ("error_message", "message", "error_description", "error", "errors", "validation_errors", "title"):
        if isinstance(body, dict) and body.get(key):
            return _said(body[key])
    return body if isinstance(body, str) else json.dumps(body)


def _short(said: object) -> str:
    words = " ".join(str(said).split()).rstrip(".")
    return words if len(words) <= SHOWN_OF_A_REFUSAL else words[:SHOWN_OF_A_REFUSAL] + "…"
