"""What happened: past requests, what they bought, and all that was ever observed of their companies.

Kept by the store, read in one go (`SqlStore.backtest_history`), replayed under other rules (`compare`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_of
from enrichment.domain.knowledge import Fact, ReplyHead
from enrichment.domain.requests import Request

BilledUnits = Mapping[str, int]
"""A vendor's unit -> how many it billed."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A reply as it once came, and what was read from it."""

    head: ReplyHead
    units: BilledUnits
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class RecordedAnalysis:
    """An analysis as it was once made: about which company, for which request, its key in memory, and its tokens."""

    company_id: str
    name: str
    key: str
    request_id: str
    at: datetime
    units: BilledUnits


class SpendingEntry(NamedTuple):
    """calls of one source, or questions of one analysis ('analysis:hiring'), and what they cost (micro-USD)."""

    consumer: str
    source: str
    calls: int
    cost: int


@dataclass(frozen=True, slots=True)
class History:
    """Requests in the order they were asked, their companies by id, and what was ever observed of these.

    bought: request id -> what it really bought. left_out: why -> how many requests of that time are not among them.
    """

    since: datetime
    requests: tuple[Request, ...]
    companies: Mapping[str, Company]
    observed: Mapping[str, tuple[Observation, ...]]
    answered: tuple[RecordedAnalysis, ...] = ()
    bought: Mapping[str, tuple[SpendingEntry, ...]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls of vendors, questions to language models, and micro-USD; by_source: calls and questions."""

    calls: int
    vendors: int
    questions: int
    analyses: int
    by_consumer: Mapping[str, int]
    by_source: Mapping[str, int]

    @property
    def cost(self) -> int:
        return self.vendors + self.analyses


def spending(entries: Iterable[SpendingEntry]) -> Spending:
    by_consumer, by_source = Counter[str](), Counter[str]()
    calls, cost = Counter[bool](), Counter[bool]()
    for entry in entries:
        analysis = analysis_of(entry.source) is not None
        calls[analysis] += entry.calls
        cost[analysis] += entry.cost
        by_consumer[entry.consumer] += entry.cost
        by_source[entry.source] += entry.calls
    return Spending(
        calls=calls[False],
        vendors=cost[False],
        questions=calls[True],
        analyses=cost[True],
        by_consumer=dict(sorted(by_consumer.items())),
        by_source=dict(sorted(by_source.items())),
    )
