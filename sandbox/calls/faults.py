"""Fault injection: faults programmed for the next matching calls, or chosen at a rate by the seed.

inject(Fault) -> next_fault(vendor, path) -> the fault of this call, or None
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from sandbox.clock import SandboxClock
from sandbox.seeded_random import choice, draw

# answered before the vendor's own code runs: free of charge
REFUSALS = frozenset(
    {
        *("http_429", "http_429_with_retry_after", "http_500", "http_502", "http_503"),
        *("down", "expired_token", "quota", "redirect"),
    }
)
# the vendor's reply, damaged on its way
CORRUPTIONS = frozenset({"malformed", "truncated", "oversized", "wrong_content_type", "web_page"})
DELAYS = frozenset({"latency", "timeout"})
# carried out by the vendor's own code
CONTENT_FAULTS = frozenset(
    {
        *("empty", "partial", "overbilled", "slow_job", "failing_job", "not_enough_credits"),
        *("refusal", "length", "bad_content"),
    }
)
KINDS = REFUSALS | CORRUPTIONS | DELAYS | CONTENT_FAULTS

RANDOM_KINDS = (
    "http_429_with_retry_after",
    "http_429",
    "http_500",
    "http_502",
    "http_503",
    "malformed",
    "truncated",
    "latency",
)
RANDOM_SECONDS = 0.25
DEFAULT_SECONDS = {"latency": 1.0, "timeout": 30.0, "http_429_with_retry_after": 1.0}


@dataclass
class Fault:
    """`times` None: until cleared. `seconds`: how long a delay or an outage lasts, not scaled; or the value of
    Retry-After. `since`: seconds since 1970 on the sandbox's clock, when it was injected.
    """

    vendor: str
    fault: str
    path_contains: str = ""
    times: int | None = 1
    seconds: float | None = None
    since: float = 0.0

    def matches(self, vendor: str, path: str, *, now: float) -> bool:
        ended = self.fault == "down" and self.seconds is not None and now > self.since + self.seconds
        return self.vendor in (vendor, "*") and self.path_contains in path and self.times != 0 and not ended

    def duration(self) -> float:
        return DEFAULT_SECONDS.get(self.fault, 0.0) if self.seconds is None else self.seconds


class FaultInjector:
    """Injected faults come first, the earliest first; else one call in 1/rate has one of RANDOM_KINDS."""

    def __init__(self, clock: SandboxClock, *, seed: int, rate: float) -> None:
        self.injected: list[Fault] = []
        self._clock = clock
        self._seed = seed
        self._rate = rate
        self._calls: Counter[tuple[str, str]] = Counter()
        self._cleared = asyncio.Event()

    def inject(self, fault: Fault) -> None:
        fault.since = self._clock.now()
        self.injected.append(fault)

    def clear(self) -> None:
        """Removes all faults; calls that a fault delays go on at once."""
        self.injected.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def delay(self, seconds: float) -> None:
        """Returns after so many seconds, or as soon as the faults are cleared."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), seconds)

    def next_fault(self, vendor: str, path: str) -> Fault | None:
        for fault in self.injected:
            if fault.matches(vendor, path, now=self._clock.now()):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return self._random(vendor, path)

    def _random(self, vendor: str, path: str) -> Fault | None:
        if not self._rate:
            return None
        self._calls[vendor, path] += 1
        words = (self._seed, "fault", vendor, path, self._calls[vendor, path])
        if draw(*words) >= self._rate:
            return None
        return Fault(vendor, choice(RANDOM_KINDS, *words, "kind"), seconds=RANDOM_SECONDS)


def fault_from(body: object, vendors: Collection[str]) -> Fault:
    """A fault of one of these vendors, as POST /_sandbox/faults takes it.

    Raises ValueError with a sentence that states what to do.
    """
    if not isinstance(body, dict) or not isinstance(body.get("vendor"), str):
        raise ValueError('Send {"vendor": "snov", "fault": "http_503"}; path_contains, times and seconds are optional.')
    if body["vendor"] not in (*vendors, "*"):
        raise ValueError(f"There is no vendor {body['vendor']!r}; take one of {', '.join(vendors)} or '*' for all.")
    kind = body.get("fault")
    if kind not in KINDS:
        raise ValueError(f"There is no fault {kind!r}; take one of {', '.join(sorted(KINDS))}.")
    times = body.get("times", None if kind == "down" else 1)
    return Fault(body["vendor"], kind, str(body.get("path_contains") or ""), times, body.get("seconds"))
