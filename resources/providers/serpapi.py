"""SerpApi: Google's result pages. One search per answer; failed ones and repeats within the vendor's hour are free.

GET /search.json -> {"search": body, "page_2": body}
"""

import asyncio
import re
from collections import Counter, OrderedDict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from enrichment.domain.json_values import Json
from enrichment.ports import (
    ClaimLost,
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    SourceAnswer,
    SourceQuery,
    UnexpectedReply,
)
from resources.providers.call_session import CallSession, refusal_by_status
from resources.providers.http_call import HttpCall, HttpResponse
from resources.providers.query_templates import Template, filled
from resources.providers.response_reading import as_object
from resources.providers.units import plan_left
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

_SAME_PRICE = Decimal("0.1")
"""By which share a price may differ before it is remarked upon: part of a plan is often left."""
_NOTHING = "hasn't returned any results"
_USED_UP = re.compile(r"run out of searches|credit is too low", re.IGNORECASE)
_RESULTS = {  # engines that are asked by q -> the list of their results
    "google": "organic_results",
    "google_news": "news_results",
    "google_jobs": "jobs_results",
    "google_maps": "local_results",
    "google_local": "local_results",
    "google_shopping": "shopping_results",
    "google_videos": "video_results",
    "google_events": "events_results",
    "google_scholar": "organic_results",
}
_REMEMBERED = 1000  # searches, about what a plan allows within the hour
_FREE_FOR = timedelta(hours=1)
_CLOCK_MARGIN = timedelta(seconds=3)  # both headers and bodies give whole seconds

SearchParameters = tuple[tuple[str, str], ...]  # its parameters in order, without the key


def _known_engine(engine: str) -> str:
    if engine not in _RESULTS:
        raise ValueError(f"no engine '{engine}' here: take one of {', '.join(_RESULTS)}, or add it to _RESULTS")
    return engine


class SerpApiSpec(Spec):
    """until_people: another page only while fewer people are named. empties_billed: not confirmed by the vendor."""

    engine: Annotated[str, AfterValidator(_known_engine)] = "google"
    q: Template
    pages: int = Field(1, ge=1, le=10)
    until_people: int | None = Field(None, ge=1)
    empties_billed: bool = True

    @model_validator(mode="after")
    def _only_google_has_pages(self) -> "SerpApiSpec":
        if self.pages > 1 and self.engine != "google":
            raise ValueError(f"engine {self.engine} has no pages: leave pages out")
        return self


class SerpApiClient(ProviderClient[SerpApiSpec]):
    name = "serpapi"
    spec = TypeAdapter(SerpApiSpec)

    @cached_property
    def _recent(self) -> "_RecentSearches":
        return _RecentSearches()

    def secret_params(self) -> dict[str, str]:
        return {"api_key": self.credentials["api_key"]}

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        return QuotaExhausted if _USED_UP.search(response.text[:2000]) else refusal_by_status(response)

    async def answer(
        self, question: SourceQuery, spec: SerpApiSpec, session: CallSession, _keep_handle: KeepHandle
    ) -> SourceAnswer:
        q = filled(spec.q, question)
        payload: dict[str, Json] = {}
        notes: list[str] = []
        for page in range(1, min(spec.pages, question.max_units) + 1):
            if page > 1 and not _worth_another(payload, spec):
                break
            try:
                body = await self._page(question, spec, session, q=q, start=10 * (page - 1), notes=notes)
            except ClaimLost:
                raise
            except ProviderError as error:
                if not payload or error.uncertain:
                    raise
                session.units = Counter(error.billed)
                notes.append(f"page {page} is missing: {error}")
                break
            payload["search" if page == 1 else f"page_{page}"] = body
        return session.answer(found=any(map(_has_results, payload.values())), payload=payload, notes=notes)

    async def _page(
        self, question: SourceQuery, spec: SerpApiSpec, session: CallSession, *, q: str, start: int, notes: list[str]
    ) -> dict[str, Json]:
        params = [("engine", spec.engine), ("q", q)]
        if start:
            params.append(("start", str(start)))
        sent, clock = self.now(), asyncio.get_running_loop().time()
        call = HttpCall("GET", "/search.json", params, owed={question.unit: 1})
        response, body = await session.send(call, lambda response: (response, as_object(response)))
        if refusal := _refused(body):
            kind, what, uncertain = refusal
            raise session.error(kind, what, uncertain=uncertain)
        misshapen = not isinstance(body.get(_RESULTS[spec.engine], []), list)
        repeat = self._is_a_repeat(tuple(sorted(params)), response, body, sent=sent, clock=clock)
        if repeat and not _was_ours(question, response, body, now=self.now()):
            notes.append("answered from the vendor's cache of the last hour: free")
        elif _has_results(body) or misshapen or spec.empties_billed:
            session.units[question.unit] += 1
        if misshapen:
            raise session.error(UnexpectedReply, f"{_RESULTS[spec.engine]} that is no list")
        return body

    def _is_a_repeat(
        self, request: SearchParameters, response: HttpResponse, body: dict[str, Json], *, sent: datetime, clock: float
    ) -> bool:
        """Whether the vendor answered from its cache, which is free. Where the reply does not tell, it did not."""
        search_id = _metadata(body).get("id")
        if not isinstance(search_id, str) or not search_id:
            return False
        if self._recent.contains(request, search_id, at=clock):
            return True
        known = self._recent.knows(search_id)
        self._recent.keep(request, search_id, at=clock)
        return not known and _was_made_before(response, body, sent=sent, now=self.now())

    async def account(self, session: CallSession) -> AccountStatus:
        body = await session.send(HttpCall("GET", "/account.json"), as_object)
        left = plan_left(body.get("total_searches_left", body.get("plan_searches_left")))
        plan = body.get("plan_name") or "its plan"
        if left is None:
            return AccountStatus(
                self.name, ok=True, sentence=f"serpapi accepts the key ({plan}); it does not report what is left."
            )
        sentence = f"serpapi accepts the key ({plan}); {left} searches are left.{self._price_remark(body)}"
        return AccountStatus(self.name, ok=left > 0, sentence=sentence, left=left, unit="search")

    def _price_remark(self, body: dict[str, Json]) -> str:
        """What a search costs by the plan of the account, where the rules say otherwise; no other vendor's reply states
        USD before it is billed."""
        usd, searches = (plan_left(body.get(name)) for name in ("plan_monthly_price", "searches_per_month"))
        price = self.session_config.rules.prices.get("search")
        if not usd or not searches or price is None:
            return ""
        stated, ours = usd / searches, price.usd
        if abs(stated - ours) <= _SAME_PRICE * ours:
            return ""
        return (
            f" Its plan of {usd:,.2f} USD for {searches:,} searches makes one cost {stated:.4f} USD,"
            f" config/providers.yaml says {ours:.4f}: correct usd_per_unit there if the plan is used up each month."
        )


def _has_results(body: dict[str, Json]) -> bool:
    return any(value for key, value in body.items() if key.endswith("_results") or key == "knowledge_graph")


def _refused(body: dict[str, Json]) -> tuple[type[ProviderError], str, bool] | None:
    """Error, message, whether it may be billed: of a 200 that is no answer. A page without results is an answer."""
    stated, status = str(body.get("error") or ""), _metadata(body).get("status")
    if _has_results(body) or _NOTHING in stated:
        return None
    if _USED_UP.search(stated):
        return QuotaExhausted, stated, False
    if "API key" in stated:
        return CredentialsRejected, stated, False
    if status == "Error":
        return ProviderUnavailable, stated or "search_metadata.status is Error", False
    if stated or status != "Success":
        # by the vendor's documents only a search that failed is free
        return UnexpectedReply, stated or f"search_metadata.status is {status}", not stated or status is not None
    return None


def _metadata(body: dict[str, Json]) -> dict[str, Json]:
    metadata = body.get("search_metadata")
    return metadata if isinstance(metadata, dict) else {}


class _RecentSearches:
    """Searches this client has bought, by request: id, and when bought (seconds of the loop's clock)."""

    def __init__(self) -> None:
        self._searches: OrderedDict[SearchParameters, tuple[str, float]] = OrderedDict()
        self._ids: Counter[str] = Counter()

    def contains(self, request: SearchParameters, search_id: str, *, at: float) -> bool:
        bought_id, at_first = self._searches.get(request, ("", 0.0))
        return bought_id == search_id and at - at_first < _FREE_FOR.total_seconds()

    def knows(self, search_id: str) -> bool:
        return self._ids[search_id] > 0

    def keep(self, request: SearchParameters, search_id: str, *, at: float) -> None:
        self._forget(self._searches.pop(request, None))
        self._searches[request] = (search_id, at)
        self._ids[search_id] += 1
        if len(self._searches) > _REMEMBERED:
            self._forget(self._searches.popitem(last=False)[1])

    def _forget(self, search: tuple[str, float] | None) -> None:
        if search is None:
            return
        search_id, _ = search
        self._ids[search_id] -= 1
        if not self._ids[search_id]:
            del self._ids[search_id]


def _was_ours(question: SourceQuery, response: HttpResponse, body: dict[str, Json], *, now: datetime) -> bool:
    """Whether this very purchase bought it, when it was sent before: it is repeated for free, but has to be booked."""
    first = question.first_sent_at
    return first is not None and not _was_made_before(response, body, sent=first, now=now)


def _was_made_before(response: HttpResponse, body: dict[str, Json], *, sent: datetime, now: datetime) -> bool:
    """Whether another purchase bought it: made within the hour, and before ours was sent by both clocks."""
    try:
        skew = now - parsedate_to_datetime(response.headers["date"])
        made, done = (_written(_metadata(body)[key]) for key in ("created_at", "processed_at"))
    except (KeyError, TypeError, ValueError):
        return False
    before = min(sent, sent - skew) - _CLOCK_MARGIN
    return max(sent, sent - skew) - _FREE_FOR < made <= done < before


def _written(moment: Json) -> datetime:
    """Raises ValueError, TypeError."""
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)


def _worth_another(payload: dict[str, Json], spec: SerpApiSpec) -> bool:
    """Whether the last page has a next one, and too few people are named so far."""
    pagination = list(payload.values())[-1].get("serpapi_pagination")
    if not isinstance(pagination, dict) or not pagination.get("next"):
        return False
    return spec.until_people is None or sum(map(_people, payload.values())) < spec.until_people


def _people(body: dict[str, Json]) -> int:
    """People's pages among the results; the host may be any country's."""
    rows = body.get("organic_results")
    links = [row.get("link") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return sum(bool(re.match(r"/in/[^/]+", _path(link))) for link in links if isinstance(link, str))


def _path(link: str) -> str:
    try:
        return urlsplit(link).path
    except ValueError:
        return ""
