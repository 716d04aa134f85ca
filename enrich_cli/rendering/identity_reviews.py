"""How the reviews of `enrich companies review` look: each question with its candidates, and what was decided."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.companies.identity_reviews import DecidedReview, WaitingReview
from enrich_cli.rendering.candidates import NEITHER, candidate_data, candidates_table, company_data
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from resources.advice import advised


def reviews_view(waiting: Sequence[WaitingReview], now: datetime, *, sandbox: bool) -> RenderableType:
    if not waiting:
        return Text("Nothing waits: it is sure which companies are meant.")
    how = "Decide one with `enrich companies review ID --same-as KEY` or `enrich companies review ID --new`"
    return Group(*(review_view(one, now) for one in waiting), Text(advised(how, sandbox=sandbox)))


def review_view(waiting: WaitingReview, now: datetime) -> RenderableType:
    """A review with its numbered candidates; the last number means none of them."""
    review = waiting.review
    last = NEITHER if waiting.company is None else "none of these: two companies"
    return Group(
        Text.assemble((review.review_id, "bold"), f" {_headline(waiting)}"),
        Text(f"  from {review.origin}: {review.because}"),
        candidates_table(waiting.candidates, now, last=last),
        Text(""),
    )


def _headline(waiting: WaitingReview) -> str:
    record, company = waiting.review.record, waiting.company
    stated = [record["name"], record["domain"], *record["ids"], record["country"]]
    what = ", ".join(filter(None, stated)) if company is None else f"{company.name or company.key} ({company.key})"
    paid = f"{in_usd(waiting.at_stake_micro_usd)} USD paid for the companies in question"
    return f"Which company is {what}? {paid}"


def reviews_data(waiting: Sequence[WaitingReview]) -> Json:
    return {"waiting": [_review_data(one) for one in waiting]}


def _review_data(waiting: WaitingReview) -> Json:
    review = waiting.review
    return {
        "review": review.review_id,
        "record": dict(review.record),
        "company": None if waiting.company is None else company_data(waiting.company),
        "because": review.because,
        "origin": review.origin,
        "opened_at": review.opened_at.isoformat(),
        "at_stake_micro_usd": waiting.at_stake_micro_usd,
        "candidates": [candidate_data(one) for one in waiting.candidates],
    }


def decided_view(decided: DecidedReview) -> RenderableType:
    about = decided.review.record["name"] or decided.review.record["domain"]
    if decided.company is None:
        return Text(f"{about}: two companies, and not asked about again")
    what = "is" if decided.same else "is a new company:"
    return Text(f"{about} {what} {decided.company.name or decided.company.key} ({decided.company.key})")


def decided_data(decided: DecidedReview) -> Json:
    company = decided.company
    return {
        "review": decided.review.review_id,
        "state": "same" if decided.same else "different",
        "company": None if company is None else company_data(company),
    }
