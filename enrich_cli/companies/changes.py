"""What changed at companies in the last days."""

from collections.abc import Sequence
from datetime import timedelta

from enrich_cli.bootstrap import opened_store
from enrich_cli.companies.company_events import registered
from enrich_cli.typed_values import seconds_of
from resources.clock import utc_now
from resources.store.knowledge.profile_changes import SeenChange

_EVER_SECONDS = 100 * 365 * 86_400


def listed_changes(since: str, company: str | None, *, sandbox: bool) -> Sequence[SeenChange]:
    """Changes, the latest first. Raises UsageError, NotACompany, AmbiguousCompany, StoreError."""
    seconds = min(seconds_of("--since", since), _EVER_SECONDS)
    with opened_store(sandbox=sandbox) as (_, _, store):
        company_id = None if company is None else registered(company, store).company_id
        return store.profile_changes.since(utc_now() - timedelta(seconds=seconds), company_id=company_id)
