"""The vendors' bad days: programmed for the next matching calls, or drawn at a rate from the seed.

program(Fault) -> strike(vendor, path) -> the fault of this call, or None
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from sandbox.billing import UNITS
from sandbox.seeded_random import choice, draw

BEFORE_THE_VENDOR = frozenset(
    {
        *("http_429", "http_429_with_retry_after", "http_500", "http_502", "http_503"),
        *("down", "expired_token", "quota", "redirect"),
    }
)
DAMAGE = frozenset({"malformed", "truncated", "oversized", "wrong_content_type", "web_page"})
WAITING = frozenset({"latency", "timeout"})
IN_THE_ANSWER = frozenset(
    {
        *("empty", "partial", "overbilled", "slow_job", "failing_job", "not_enough_credits"),
        *("refusal", "length", "bad_content"),
    }
)
KINDS = BEFORE_THE_VENDOR | DAMAGE | WAITING | IN_THE_ANSWER

DRAWN = (
    "http_429_with_retry_after",
    "http_429",
    "http_500",
    "http_502",
    "http_503",
    "malformed",
    "truncated",
    "latency",
)
DRAWN_SECONDS = 0.25
DEFAULT_SECONDS = {"latency": 1.0, "timeout": 30.0, "http_429_with_retry_after": 1.0}


@dataclass
class Fault:
    """`times` None: until cleared. `seconds`: how long a delay or an outage lasts, really; or what Retry-After says."""

    vendor: str
    fault: str
    path_contains: str = ""
    times: int | None = 1
    seconds: float | None = None
    since: float = field(default_factory=time.monotonic)

    def matches(self, vendor: str, path: str) -> bool:
        ended = self.fault == "down" and self.seconds is not None and time.monotonic() > self.since + self.seconds
        return self.vendor in (vendor, "*") and self.path_contains in path and self.times != 0 and not ended

    def lasts(self) -> float:
        return DEFAULT_SECONDS.get(self.fault, 0.0) if self.seconds is None else self.seconds


class Faults:
    """Programmed faults come first, the earliest first; else one call in 1/rate has one of DRAWN."""

    def __init__(self, *, seed: int, rate: float) -> None:
        self.programmed: list[Fault] = []
        self._seed = seed
        self._rate = rate
        self._calls: Counter[tuple[str, str]] = Counter()

    def program(self, fault: Fault) -> None:
        self.programmed.append(fault)

    def clear(self) -> None:
        self.programmed.clear()

    def strike(self, vendor: str, path: str) -> Fault | None:
        for fault in self.programmed:
            if fault.matches(vendor, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return self._drawn(vendor, path)

    def _drawn(self, vendor: str, path: str) -> Fault | None:
        if not self._rate:
            return None
        self._calls[vendor, path] += 1
        words = (self._seed, "fault", vendor, path, self._calls[vendor, path])
        return (
            Fault(vendor, choice(DRAWN, *words, "kind"), seconds=DRAWN_SECONDS) if draw(*words) < self._rate else None
        )


def fault_from(body: object) -> Fault:
    """A fault as POST /_sandbox/faults takes it. Raises ValueError with a sentence that says what to do."""
    if not isinstance(body, dict) or not isinstance(body.get("vendor"), str):
        raise ValueError('Send {"vendor": "snov", "fault": "http_503"}; path_contains, times and seconds are optional.')
    if body["vendor"] not in (*UNITS, "*"):
        raise ValueError(f"There is no vendor {body['vendor']!r}; take one of {', '.join(UNITS)} or '*' for all.")
    kind = body.get("fault")
    if kind not in KINDS:
        raise ValueError(f"There is no fault {kind!r}; take one of {', '.join(sorted(KINDS))}.")
    times = body.get("times", None if kind == "down" else 1)
    return Fault(body["vendor"], kind, str(body.get("path_contains") or ""), times, body.get("seconds"))
