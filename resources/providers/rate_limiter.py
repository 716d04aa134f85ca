"""Our turn to call a vendor, and what is done last before the call leaves.

    our_turn(limiter, left, sending) -> returns when a call may be sent, at once | NoTurn, ClaimLost

A turn is good for a moment only: who was held up after it, by the store or by a stopped process, takes another one.
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


class NoTurn(Exception):
    """It would take `seconds` until the next call is allowed, which is more than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the next call is allowed in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Turn:
    """good_until: seconds since 1970, by the clock of the wall, which goes on while a process is stopped."""

    good_until: float

    @property
    def is_over(self) -> bool:
        return time.time() > self.good_until


class Limiter(Protocol):
    async def turn(self, *, patience: float) -> Turn:
        """Returns when a call may be sent. Raises NoTurn at once if that takes longer than `patience` seconds."""
        ...

    async def pause(self, seconds: float | None) -> None:
        """Nobody gets a turn for so long by the vendor's time; None: for a moment, as it did not say how long."""
        ...


class Unlimited:
    """For a look at an account by hand, which is one free call, and for who keeps the limits himself."""

    async def turn(self, *, patience: float) -> Turn:  # noqa: ARG002  a Limiter's signature
        return Turn(math.inf)

    async def pause(self, seconds: float | None) -> None:
        pass


async def our_turn(limiter: Limiter, *, left: Callable[[], float], before_send: BeforeSend | None) -> None:
    """Waits for our turn, then awaits sending(); once more if that took longer than the turn is good for.

    left: seconds the caller can still wait. sending None: the call is free. Raises NoTurn, and what sending raises.
    """
    while True:
        turn = await limiter.turn(patience=max(0.0, left()))
        if before_send is not None:
            await before_send()
        if not turn.is_over:
            return


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds by retry-after, which is a number or a date, or by OpenAI's retry-after-ms; None: they do not say."""
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
            return float(text) / per_second
    return _until(headers.get("retry-after", ""), headers.get("date", ""))


def _until(moment: str, vendors_now: str) -> float | None:
    until = _moment(moment)
    if until is None:
        return None
    return max(0.0, (until - (_moment(vendors_now) or datetime.now(UTC))).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
