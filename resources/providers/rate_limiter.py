"""When the vendor's rate limits allow a call, and the last step before the call is sent.

    wait_for_slot(limiter, left, before_send) -> returns when a call may be sent, at once | NoSlot, ClaimLost

A slot is valid for a moment only: after a delay, by the store or by a stopped process, another one is needed.
"""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from enrichment.ports import BeforeSend
from resources.clock import utc_now


class NoSlot(Exception):
    """The next call is allowed only after `seconds`, which is more than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the next call is allowed in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class RateLimitSlot:
    """valid_until: seconds since 1970 by the clock that read_time reads; the system's goes on while a process stops."""

    valid_until: float
    read_time: Callable[[], float] = time.time

    @property
    def has_expired(self) -> bool:
        return self.read_time() > self.valid_until


class Limiter(Protocol):
    async def slot(self, *, patience: float) -> RateLimitSlot:
        """Returns when a call may be sent. Raises NoSlot at once if that takes longer than `patience` seconds."""
        ...

    async def wait_for(self, calls: int) -> float:
        """Seconds until so many further calls could all be sent, up to what a window allows. No slot is taken."""
        ...

    async def pause(self, seconds: float | None) -> None:
        """No slot is given for so many seconds of the vendor's time; None: for a moment."""
        ...


class Unlimited:
    """No limits: for the check of an account (one free call), and for callers that keep the limits themselves."""

    async def slot(self, *, patience: float) -> RateLimitSlot:  # noqa: ARG002  a Limiter's signature
        return RateLimitSlot(math.inf)

    async def wait_for(self, calls: int) -> float:  # noqa: ARG002  a Limiter's signature
        return 0.0

    async def pause(self, seconds: float | None) -> None:
        pass


async def wait_for_slot(limiter: Limiter, *, left: Callable[[], float], before_send: BeforeSend | None) -> None:
    """Waits for a slot, then awaits before_send(); once more if that took longer than the slot is valid.

    left: seconds the caller can still wait. before_send None: the call is free. Raises NoSlot, and what before_send
    raises.
    """
    while True:
        slot = await limiter.slot(patience=max(0.0, left()))
        if before_send is not None:
            await before_send()
        if not slot.has_expired:
            return


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds by retry-after, which is a number or a date, or by OpenAI's retry-after-ms; None: they give none."""
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
            return float(text) / per_second
    return _until(headers.get("retry-after", ""), headers.get("date", ""))


def _until(moment: str, vendor_now: str) -> float | None:
    until = _moment(moment)
    if until is None:
        return None
    return max(0.0, (until - (_moment(vendor_now) or utc_now())).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
