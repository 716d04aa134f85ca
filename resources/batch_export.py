"""The profiles of a batch as a table: one row for each company and consumer, a column for each dataset it asks for.

Batch -> rows, one after another
"""

from collections.abc import Iterator, Sequence
from typing import Any

from enrichment.domain.batches import Batch, BatchCompany
from enrichment.domain.json_values import Json
from enrichment.domain.profiles import Profile
from enrichment.domain.values import in_words
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from resources.store import SqlStore


def batch_rows(batch: Batch, rules: Rules, store: SqlStore) -> Iterator[dict[str, Json]]:
    """The rows of an exported batch, in its order. Raises UnknownName: the rules no longer know a consumer of it.

    What a company cost is in its first row: its consumers share what was bought.
    """
    datasets = {consumer: requirements_of(rules, (consumer,)).datasets for consumer in batch.consumers}
    for company in store.batches.companies(batch.batch_id):
        for number, consumer in enumerate(batch.consumers):
            row = _row(batch, company, consumer, datasets[consumer], store)
            yield row | {"cost_usd": None} if number else row


def _row(
    batch: Batch, company: BatchCompany, consumer: str, datasets: Sequence[str], store: SqlStore
) -> dict[str, Json]:
    stored = store.companies.by_id(company.company_id)
    row: dict[str, Json] = {
        "company": company.key if stored is None else stored.key,
        "name": None if stored is None else stored.name,
        "domain": None if stored is None else stored.domain,
        "consumer": consumer,
        "state": company.state,
        "reason": company.reason,
        "cost_usd": company.cost / 1_000_000,
    }
    made = company.state in {"complete", "incomplete", "stopped"}
    profile = store.profiles.latest(company.company_id, consumer, batch.audience) if made else None
    return row | _profile_columns(profile, datasets)


def _profile_columns(profile: Profile | None, datasets: Sequence[str]) -> dict[str, Any]:
    head = {
        "quality": None if profile is None else round(profile.quality, 3),
        "completeness": None if profile is None else round(profile.completeness, 3),
        "confidence": None if profile is None else profile.confidence,
        "made_at": None if profile is None else profile.created_at.isoformat(timespec="seconds"),
    }
    fields = {} if profile is None else profile.document["datasets"]
    return head | {name: _values(fields.get(name)) for name in datasets}


def _values(field: Json) -> str | None:
    """The values of one dataset in one cell."""
    if not field or not field["values"]:
        return None
    return "; ".join(in_words(value["value"]) for value in field["values"])
