"""Registered companies that may be meant, with what a person tells them apart by.

Candidate, ... + store -> KnownCandidate, ...: ids, what is known of each, what was spent on it, when last
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from enrichment.domain.companies import Company
from enrichment.identity.ambiguity import Candidate
from enrichment.identity.vendor_ids import is_vendor_id
from resources.store import SqlStore


@dataclass(frozen=True, slots=True)
class KnownCandidate:
    """because: what agrees and differs, one clause for people. facts: dataset -> how many.

    spent: micro-USD of all its settled purchases. last_bought_at: UTC; None: nothing was ever bought for it.
    """

    company: Company
    ids: tuple[str, ...]
    because: str
    probability: float
    facts: Mapping[str, int]
    spent_micro_usd: int
    last_bought_at: datetime | None


def known_candidates(candidates: Sequence[Candidate], store: SqlStore) -> list[KnownCandidate]:
    """What is known of the candidates, in the same order."""
    ids = [one.company.company_id for one in candidates]
    known, spent = store.knowledge.known_many(ids), store.ledger_queries.spent_on(ids)
    return [
        KnownCandidate(
            one.company,
            tuple(sorted(filter(is_vendor_id, (alias.alias for alias in store.companies.aliases(company_id))))),
            one.comparison.because,
            round(one.comparison.probability, 4),
            _counted(fact.dataset for fact in known[company_id].facts),
            spent[company_id].micro_usd,
            spent[company_id].last_at,
        )
        for one, company_id in zip(candidates, ids, strict=True)
    ]


def _counted(datasets: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for dataset in sorted(datasets):
        counts[dataset] = counts.get(dataset, 0) + 1
    return counts
