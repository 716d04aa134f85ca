"""A company: the ten-second view with the provenance of each value, what memory has, quote and purchase, verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from enrichment.domain.accepted_requests import IdempotencyKey
from enrichment.domain.values import in_words
from enrichment.pipeline.verdicts import NotAValue, NothingToJudge, OtherVerdict
from enrichment.profiles.document import missing
from service.answers import changes, companies, enrichments, spending, verdicts
from service.http.bodies import AskBody
from service.http.error_answers import invalid
from service.installation.state import ServiceState
from service.pages.company_values import DatasetShown, ShownValue, datasets_shown
from service.pages.layers import Layer, layers_of
from service.pages.rendering import as_data, segment
from service.pages.visit import PageEnricher, PageReader, Visit
from service.problems import ApiProblem, problem_of
from service.views.changes import ChangeView
from service.views.companies import CompanyDetail, HistoryView, ProfileView
from service.views.verdicts import VerdictView

router = APIRouter(prefix="/companies")
CompanyKey = Annotated[str, Path(max_length=300)]
_LATEST_CHANGES = 8
_MOST_PURCHASES = 500
_LONGEST_ONCE = 100
_AGES = ("", "30d", "7d", "1d", "1h")


@dataclass(frozen=True, slots=True)
class ConsumerShown:
    """A kind of profile: what it is for, and how what memory has of it is."""

    name: str
    description: str
    head: ProfileView | None


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """All that the page of a company shows; read by the functions of the JSON routes."""

    company: CompanyDetail
    datasets: dict[str, DatasetShown]
    findings: Sequence[dict[str, Any]]
    profiles: Sequence[ProfileView]
    states: Mapping[str, str]
    consumers: Sequence[ConsumerShown]
    layers: Sequence[Layer]
    changes: Sequence[ChangeView]
    verdicts: Sequence[VerdictView]
    history: HistoryView


@router.get("/{key}")
async def company(key: CompanyKey, visit: PageReader) -> Response:
    return await _page(visit, key)


@router.post("/{key}/quote")
async def quote(key: CompanyKey, visit: PageReader) -> Response:
    """The quote of the company, with a button that buys it at no more than the quoted amount."""
    ask = {"company": key, "consumer": visit.text("consumer") or "profile"}
    if visit.text("max_age"):
        ask["max_age"] = visit.text("max_age")
    try:
        body = AskBody.model_validate(ask)
    except ValidationError as error:
        raise invalid(error.errors()) from None
    quoted = await enrichments.quoted(body.ask(visit.by), visit.by, visit.state)
    if visit.wants_part:
        return visit.part("_quote.html", key=key, quote=quoted)
    return await _page(visit, key, quote=quoted)


@router.post("/{key}/requests")
async def buy(key: CompanyKey, visit: PageEnricher) -> Response:
    """Carries a quote out once, at no more than it says; then to the request's page."""
    quote_id = visit.text("quote_id")
    ask = await enrichments.ask_of_quote(quote_id, visit.by, visit.state)
    once = IdempotencyKey(visit.by.owner, f"page-{quote_id}"[:_LONGEST_ONCE], sha256(quote_id.encode()).hexdigest())
    answered = await enrichments.enriched(ask, visit.by, visit.state, key=once, wait_seconds=0.0)
    if answered.view.served_from == "layer_1":
        return visit.to(f"/companies/{segment(key)}")
    return visit.to(f"/enrichments/{answered.view.id}?leads_on=true")


@router.get("/{key}/wrong")
async def wrong(
    key: CompanyKey,
    visit: PageEnricher,
    dataset: Annotated[str, Query(max_length=100)],
    value: Annotated[str, Query(max_length=64)],
) -> Response:
    """The form that says that a value is wrong, as a part of it or as a page. value: its mark."""

    def found() -> tuple[CompanyPage, ShownValue | None]:
        page = company_page(key, visit)
        shown = page.datasets.get(dataset)
        return page, next((one for one in shown.values if one.mark == value), None) if shown else None

    page, meant = await run_in_threadpool(found)
    if meant is None:
        raise ApiProblem("nothing_to_judge", "This value is not there any more: open the company again.")
    shown: dict[str, Any] = {"key": page.company.key, "name": page.company.name or page.company.key, "problem": None}
    shown |= {"dataset": dataset, "wrong": as_data(meant.value), "text": meant.text, "right": "", "because": ""}
    return visit.part("_wrong.html", **shown) if visit.wants_part else visit.page("wrong.html", **shown)


@router.post("/{key}/verdicts")
async def judge(key: CompanyKey, visit: PageEnricher) -> Response:
    """Records that a value is wrong, and what is right where that is known.

    What was refused is shown beside what was filled in.
    """
    dataset, said = visit.text("dataset"), visit.text("wrong")
    meant = _stored(said) if said else None

    def given() -> None:
        verdicts.given(
            key,
            dataset,
            because=visit.text("because") or "said on the page",
            wrong=meant,
            right=visit.text("right") or None,
            caller=visit.by,
            state=visit.state,
        )

    try:
        await run_in_threadpool(given)
    except (NotAValue, NothingToJudge, OtherVerdict) as error:
        if meant is None:
            raise
        problem = problem_of(error)
        found = await run_in_threadpool(companies.found, visit.state, key)
        filled: dict[str, Any] = {"dataset": dataset, "wrong": said, "text": in_words(meant)}
        filled |= {"right": visit.text("right"), "because": visit.text("because")}
        name = found.name or found.key
        return visit.page("wrong.html", status=422, key=found.key, name=name, problem=problem, **filled)
    return visit.to(f"/companies/{segment(key)}#verdicts")


@router.post("/{key}/verdicts/{verdict_id}/withdraw")
async def withdraw(key: CompanyKey, verdict_id: Annotated[str, Path(max_length=60)], visit: PageEnricher) -> Response:
    await run_in_threadpool(verdicts.taken_back, key, verdict_id, visit.by, visit.state)
    return visit.to(f"/companies/{segment(key)}#verdicts")


async def _page(visit: Visit, key: str, **more: Any) -> Response:
    try:
        shown = await run_in_threadpool(company_page, key, visit)
    except ApiProblem as problem:
        if problem.code != "not_found":
            raise
        return _unknown(visit, key, **more)
    return visit.page("company.html", shown=shown, key=shown.company.key, ages=_AGES, **({"quote": None} | more))


def _unknown(visit: Visit, key: str, **more: Any) -> Response:
    """The page of a company that is not registered: nothing is known, but a quote can be asked for."""
    asked = {"consumers": _consumers(visit.state, ()), "ages": _AGES, "quote": None} | more
    return visit.page("unknown_company.html", status=404 if asked["quote"] is None else 200, key=key, **asked)


def company_page(key: str, visit: Visit) -> CompanyPage:
    """Blocks. Raises ApiProblem."""
    state = visit.state
    detail = companies.detail(state, key)
    profiles = [companies.profile(state, detail.key, head.consumer, None) for head in detail.profiles]
    history = companies.history(state, detail.key)
    company_id = companies.found(state, detail.key).company_id
    purchases = spending.purchases(state, uncertain=False, company_id=company_id, since=None, most=_MOST_PURCHASES)
    latest = sorted(profiles, key=lambda one: one.made_at, reverse=True)
    return CompanyPage(
        company=detail,
        datasets=datasets_shown(profiles, detail, history.requests, visit.now),
        findings=_findings(latest),
        profiles=latest,
        states={one.consumer: _state_of(one) for one in latest},
        consumers=_consumers(state, latest),
        layers=layers_of(detail, latest, history.requests, purchases.purchases, visit.now),
        changes=_changes(detail.key, state),
        verdicts=verdicts.verdicts_of(detail.key, state),
        history=history,
    )


def _state_of(profile: ProfileView) -> str:
    """'fresh', 'not fresh' or 'incomplete': something required is missing, so no request is served with it."""
    if profile.fresh:
        return "fresh"
    return "incomplete" if missing(profile.profile) else "not fresh"


def _findings(latest: Sequence[ProfileView]) -> Sequence[dict[str, Any]]:
    """What the summary of the newest profile that has one says: statement, quote, sources."""
    for profile in latest:
        summary = profile.profile["analyses"].get("intelligence_summary")
        if summary:
            pieces = summary["evidence"].get("pieces", {})
            return [
                {**item, "sources": pieces.get(str(item.get("evidence_id")), {}).get("sources", ())}
                for item in summary["answer"].get("key_findings", ())
            ]
    return ()


def _consumers(state: ServiceState, profiles: Sequence[ProfileView]) -> Sequence[ConsumerShown]:
    """The consumers that need no audience."""
    made = {one.consumer: one for one in profiles}
    rules = state.in_force.rules.consumers
    return [
        ConsumerShown(name, consumer.description, made.get(name))
        for name, consumer in rules.items()
        if not consumer.audience
    ]


def _changes(key: str, state: ServiceState) -> Sequence[ChangeView]:
    """The latest first."""
    found: list[ChangeView] = []
    cursor, more = "", True
    while more:
        page = changes.changes_after(cursor, state, company=key, dataset=None, limit=1_000)
        found, cursor, more = [*found, *page.changes][-_LATEST_CHANGES:], page.cursor or "", page.has_more
    return found[::-1]


def _stored(value: str) -> dict[str, Any]:
    """A value as the page had it in its form. Raises ApiProblem."""
    try:
        stored = json.loads(value)
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise ApiProblem("nothing_to_judge", "It is not clear which value is meant: open the page again and repeat.")
    return stored
