"""A batch: companies to enrich for the same consumers within one budget, by any number of workers.

    waiting -> under_way -> complete | incomplete | failed | stopped
       ^  \\-> postponed (does not fit the budget now)          |
       |_____________________ resume, retry ___________________|

Money in micro-USD, times in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.purchases import Cap, DailyCap

BatchState = Literal["open", "stopped", "done"]
BatchCompanyState = Literal["waiting", "under_way", "complete", "incomplete", "postponed", "failed", "stopped"]

Span = tuple[datetime, datetime]
"""From, until."""

AGAIN: tuple[BatchCompanyState, ...] = ("stopped", "postponed")
"""What waits again when a batch is resumed."""
AGAIN_FAILED: tuple[BatchCompanyState, ...] = (*AGAIN, "failed", "incomplete")
"""The same when it is retried."""


@dataclass(frozen=True, slots=True)
class Batch:
    """consumers: planned for together. strategy: None leaves the choice to the rules. max_age in seconds.

    max_cost: what all its companies may cost together; None: no budget of its own. daily: what its payer, an API key,
    may spend a day; None: it has no payer.
    """

    batch_id: str
    created_at: datetime
    consumers: tuple[str, ...]
    requested_by: str
    state: BatchState = "open"
    strategy: str | None = None
    audience: str | None = None
    max_cost: int | None = None
    max_age: int | None = None
    daily: DailyCap | None = None

    @property
    def budget(self) -> Cap:
        """The cap that every purchase made for this batch is reserved against."""
        return Cap(f"batch:{self.batch_id}", self.max_cost)


@dataclass(frozen=True, slots=True)
class BatchCompany:
    """One company of a batch. key: as it was when the batch was made.

    need: what its plan was expected to cost at most (p90) when it was looked at last. cost: of all its attempts.
    attempt: raised whenever a worker begins it; an end reported under an earlier attempt is refused.
    request_id: of its last attempt. reason: why it is in this state, one sentence.
    """

    batch_id: str
    company_id: str
    key: str
    state: BatchCompanyState = "waiting"
    attempt: int = 0
    need: int = 0
    cost: int = 0
    request_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """How one attempt at a company ended."""

    state: BatchCompanyState
    cost: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """How far a batch is. companies: state -> how many.

    taken: what its budget has lost, reserves included. set_aside: for companies under way, beyond what they took.
    first_end, last_end: of the attempts so far. recent: of the latest that ended, from begin to end.
    at_work: of those under way, when each was begun and until when its worker is taken to be alive.
    reasons: the commonest, each with its number of companies.
    """

    batch: Batch
    companies: Mapping[BatchCompanyState, int]
    taken: int
    set_aside: int
    first_end: datetime | None = None
    last_end: datetime | None = None
    recent: tuple[Span, ...] = ()
    at_work: tuple[Span, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int:
        return sum(self.companies.values())

    def count(self, *states: BatchCompanyState) -> int:
        return sum(self.companies.get(state, 0) for state in states)
