"""Send the calls of one question, repeat only what costs nothing, name every failure for what to do about it.

    HttpCall -> rate limit slot -> before_send(), if it may be billed -> HttpTransport -> HttpResponse
             -> read(response) | ProviderError with the units owed

A paid call is uncertain if its answer was lost or if the vendor may bill its failure; a refused one is free.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import stamina
import stamina.instrumentation

from enrichment.domain.json_values import Json
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
from enrichment.rules.provider_rules import ProviderRules
from resources.providers.http_call import FREE, HttpCall, HttpResponse, Lost, NotSent, Transport
from resources.providers.rate_limiter import Limiter, NoSlot, asked_to_wait, wait_for_slot
from resources.providers.response_reading import shortened, words_of

ATTEMPTS = 3
FAILED_POLLS = 3  # of one running job, each of so many attempts
LONGEST_RETRY_AFTER = 20.0  # seconds of the vendor's time; for a longer wait the fallback is asked instead
LONGEST_BACKOFF = 2.0  # seconds
LEAST_TIME = 0.05  # seconds; a call with less time left is not sent, as its answer would be lost
GATEWAY_GAVE_UP = (502, 504)
LIMITS_REACHED = (
    "was not asked, since its limits are reached ({what}): ask later, or raise its rate_limits in "
    "config/providers.yaml if the plan allows more."
)
WRONG_PLACE = (
    "does not serve the country or region this machine asks from ({what}): ask from another network, or turn its "
    "sources off; the key is not what it refuses."
)
MAY_BE_ABOUT_PLACE = (400, 403, 451)
_OF_PLACE = re.compile(
    r"unsupported_country|unsupported_region|country, region|your (?:current )?(?:country|region|location|territory)\b"
    r"|(?:country|region|location) (?:is )?(?:not supported|not allowed|blocked|restricted)|country or region your"
    r"|location is not supported|geo-?(?:block|fenc|restrict)",
    re.IGNORECASE,
)
TOO_LATE = "was not asked in time ({what}): ask again, with fewer requests at a time."

WHAT_TO_DO: Mapping[type[ProviderError], str] = {
    CredentialsRejected: "does not accept the credentials ({what}): check {credentials}.",
    QuotaExhausted: "has nothing left on its plan ({what}): top it up, or wait until it renews.",
    Throttled: "wants fewer calls ({what}): lower its rate_limits in config/providers.yaml, or try again later.",
    ProviderUnavailable: "is unavailable ({what}): try again later.",
    UnexpectedReply: "did not answer as its protocol promises ({what}): check the source's question and the base URL.",
}

Read = TypeVar("Read")

# stamina finds structlog, which dagster brings along, and would write each repeat to standard output
stamina.instrumentation.set_on_retry_hooks([])


Refusal = Callable[[HttpResponse], type[ProviderError]]
Advice = Callable[[HttpResponse], str | None]


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What all sessions of one provider share.

    credentials: the settings that contain them, for messages. refusal: which error a status means with this vendor.
    what_to_do: error -> the sentence after the provider's name. advice: a sentence for one response instead of it.
    may_bill: statuses of failures that a paid call may be billed for all the same.
    time_scale: the vendor's waiting times are divided by it (sandbox).
    """

    name: str
    credentials: str
    rules: ProviderRules
    transport: Transport
    limiter: Limiter
    refusal: Refusal
    what_to_do: Mapping[type[ProviderError], str]
    advice: Advice
    may_bill: Collection[int]
    time_scale: float


class _FailedAttempt(Exception):
    """A failed attempt. again: a repeat costs nothing. owed: the units owed are certain."""

    def __init__(self, error: ProviderError, *, again: bool, owed: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.owed = owed


class CallSession:
    """Counts the calls and the units of one question, and ends within the provider's timeout_seconds.

    before_send: awaited immediately before each call that may be billed; an error it raises ends the session as it is.
    asked_before: an earlier process sent a paid call that may have been billed; a failure of ours does not undo that.
    job_running: the vendor works on something it will bill, so any failure now is uncertain.
    status: of the last response.
    """

    def __init__(self, config: SessionConfig, before_send: BeforeSend, *, asked_before: bool = False) -> None:
        self.config = config
        self._asked_before = asked_before
        self._before_send = before_send
        self.calls = 0
        self.units: Counter[str] = Counter()
        self.job_running = False
        self.status: int | None = None
        self._clock = asyncio.get_running_loop().time
        self.began = self._clock()
        self._deadline = self.began + config.rules.timeout_seconds

    def answer(
        self,
        *,
        found: bool,
        payload: Mapping[str, Json],
        notes: Sequence[str] = (),
        uncertain_units: Mapping[str, int] = FREE,
    ) -> SourceAnswer:
        units = {unit: count for unit, count in self.units.items() if count}
        return SourceAnswer(
            found=found,
            payload=payload,
            units=units,
            calls=max(1, self.calls),
            notes=tuple(notes),
            uncertain_units=dict(uncertain_units),
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
        """The error to raise, with the units this session owes so far. advice: a sentence instead of the kind's own."""
        sentence = (advice or self.config.what_to_do[kind]).format(what=what, credentials=self.config.credentials)
        return kind(
            f"{self.config.name} {sentence}",
            provider=self.config.name,
            billed=+(self.units + Counter(owed)),
            uncertain=uncertain or self.job_running,
        )

    def refused(self, response: HttpResponse, *, uncertain: bool = False) -> ProviderError:
        """The error for a response that is not an answer."""
        what = f"HTTP {response.status}: {words_of(response)}"
        kind, advice = self.config.refusal(response), self.config.advice(response)
        if response.status in MAY_BE_ABOUT_PLACE and (
            response.status == 451 or _OF_PLACE.search(response.text[:20_000])
        ):
            kind, advice = UnexpectedReply, WRONG_PLACE
        error = self.error(kind, what, uncertain=uncertain, advice=advice)
        if isinstance(error, Throttled):
            error.retry_after = asked_to_wait(response.headers)
        return error

    async def send(self, call: HttpCall, read: Callable[[HttpResponse], Read]) -> Read:
        """What `read` makes of the response; it raises ValueError where it cannot. Raises ProviderError, ClaimLost."""
        try:
            return await self._attempt(call, read)
        except _FailedAttempt as failed:
            return await self._again(call, read, failed)

    async def _again(self, call: HttpCall, read: Callable[[HttpResponse], Read], first: "_FailedAttempt") -> Read:
        """Repeats a call after its first failed attempt, which counts as one. Most calls never get here."""
        doubtful, failing = self._asked_before and call.owed != FREE, [first]
        try:
            async for attempt in stamina.retry_context(
                on=self._pause,
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=0.2 / self.config.time_scale,
                wait_max=LONGEST_BACKOFF / self.config.time_scale,
                wait_jitter=0.3 / self.config.time_scale,
            ):
                with attempt:
                    try:
                        if failing:
                            raise failing.pop()
                        return await self._attempt(call, read)
                    except _FailedAttempt as failed:
                        failed.error.uncertain |= doubtful and not failed.owed
                        doubtful = failed.error.uncertain or failed.owed
                        raise
        except _FailedAttempt as failed:
            raise failed.error from None
        raise AssertionError("a retry ends with a response or an error")

    async def slow_down(self, response: HttpResponse) -> None:
        """Stops calls to the vendor, in all processes, for as long as this response asks, else for a moment."""
        await self.config.limiter.pause(asked_to_wait(response.headers))

    async def polled(self, poll: Callable[[], Awaitable[Read | None]]) -> Read:
        """Polls a running job until it ends or the session's time is over; a few polls may fail. None: not ready."""
        times, failures = self.config.rules.poll, 0
        wait = times.first_seconds
        while wait / self.config.time_scale + LEAST_TIME < self._left:
            await asyncio.sleep(wait / self.config.time_scale)
            wait = min(wait * times.factor, times.longest_seconds)
            try:
                found = await poll()
            except ProviderUnavailable:
                failures += 1
                if failures == FAILED_POLLS or not self.job_running:
                    raise
                continue
            if found is not None:
                return found
        raise self.error(ProviderUnavailable, f"its job is not ready after {self.config.rules.timeout_seconds:g} s")

    def _pause(self, failed: Exception) -> bool | float:
        """Whether to try again, and after how many seconds if the vendor stated."""
        if not isinstance(failed, _FailedAttempt) or not failed.again:
            return False
        asked = failed.error.retry_after if isinstance(failed.error, Throttled) else None
        wait = (LONGEST_BACKOFF if asked is None else asked) / self.config.time_scale
        if wait > min(LONGEST_RETRY_AFTER / self.config.time_scale, self._left):
            return False
        return True if asked is None else wait

    @property
    def _left(self) -> float:
        return self._deadline - self._clock()

    async def _attempt(self, call: HttpCall, read: Callable[[HttpResponse], Read]) -> Read:
        response = await self._receive(call)
        if not (200 <= response.status < 300 or response.status in call.accepts):
            failed = self._failed_with(call, response)
            if isinstance(failed.error, Throttled):
                await self.slow_down(response)
            raise failed
        try:
            if response.broken and call.whole:
                raise response.broken
            return read(response)
        except (Lost, ValueError, RecursionError) as error:
            kind = ProviderUnavailable if isinstance(error, Lost) else UnexpectedReply
            what = f"HTTP {response.status}, {shortened(error)}"
            owed = call.owed_for(response.status)
            named = self.error(kind, what, owed=owed or FREE, uncertain=owed is None)
            raise _FailedAttempt(named, again=call.repeatable, owed=bool(owed)) from None

    async def _receive(self, call: HttpCall) -> HttpResponse:
        await self._wait_for_slot(call)
        self.calls += 1
        try:
            response = await self.config.transport.receive(call, seconds=max(0.01, self._left))
        except NotSent as error:
            raise _FailedAttempt(self.error(ProviderUnavailable, str(error)), again=True) from None
        except Lost as error:
            lost = self.error(ProviderUnavailable, str(error), uncertain=call.owed != FREE)
            raise _FailedAttempt(lost, again=call.repeatable) from None
        self.status = response.status
        return response

    async def _wait_for_slot(self, call: HttpCall) -> None:
        """Waits for a rate limit slot. This is the last wait: the call is sent immediately afterwards."""
        before_send = None if call.owed == FREE else self._before_send
        try:
            await wait_for_slot(self.config.limiter, left=lambda: self._left, before_send=before_send)
        except NoSlot as error:
            raise _FailedAttempt(self.error(Throttled, str(error), advice=LIMITS_REACHED), again=False) from None
        if self._left < LEAST_TIME:
            raise _FailedAttempt(self.error(Throttled, "its time was over", advice=TOO_LATE), again=False)

    def _failed_with(self, call: HttpCall, response: HttpResponse) -> _FailedAttempt:
        uncertain = response.status in self.config.may_bill and call.owed != FREE
        error = self.refused(response, uncertain=uncertain)
        repeatable = call.repeatable or response.status in call.not_begun
        passing = isinstance(error, Throttled) or (isinstance(error, ProviderUnavailable) and repeatable)
        return _FailedAttempt(error, again=passing)


def refusal_by_status(response: HttpResponse) -> type[ProviderError]:
    """The error a status means where the vendor's message does not decide it."""
    match response.status:
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
