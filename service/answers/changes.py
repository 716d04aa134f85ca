"""What changed in profiles, page by page. Functions that block say so."""

from enrichment.domain.json_values import Json
from enrichment.domain.values import in_words
from resources.store.knowledge.profile_changes import SeenChange
from service.answers.verdicts import company_of
from service.installation.state import ServiceState
from service.views.changes import ChangesView, ChangeView
from service.views.verdicts import StatedValueView


def changes_after(
    cursor: str, state: ServiceState, *, company: str | None, dataset: str | None, limit: int
) -> ChangesView:
    """One page of changes after a cursor. company: a company's key. Blocks. Raises ApiProblem, BadCursor."""
    company_id = None if company is None else company_of(company, state).company_id
    page = state.store.profile_changes.page(cursor, company_id=company_id, dataset=dataset, limit=limit)
    return ChangesView(
        changes=[change_view(seen) for seen in page.changes], cursor=page.cursor or None, has_more=page.has_more
    )


def change_view(seen: SeenChange) -> ChangeView:
    change = seen.change
    return ChangeView(
        id=change.change_id,
        company=seen.company_key,
        company_name=seen.company_name,
        dataset=change.dataset,
        kind=change.kind,
        before=_stated(change.before),
        after=_stated(change.after),
        since=change.since,
        found_at=change.at,
        source=change.source,
        why=change.why,
        reply_id=change.reply_id,
        evidence=change.evidence,
        consumer=change.consumer,
        audience=change.audience,
        request_id=change.request_id,
    )


def _stated(value: Json) -> StatedValueView | None:
    return None if value is None else StatedValueView(text=in_words(value), value=value)
