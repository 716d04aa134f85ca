"""SerpApi: Google's result pages. One search per answer; failed ones and repeats within the vendor's hour are free.

GET /search.json -> {"search": body, "page_2": body}
"""

import re
from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, model_validator

from enrichment.ports import (
    Answer,
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    Question,
    QuotaExhausted,
    UnexpectedReply,
)
from enrichment.records import Json
from resources.providers.client import AccountStatus, ProviderClient, Spec
from resources.providers.exchange import Call, Exchange, Received, as_object, refusal_by_status
from resources.providers.templates import Template, filled

_NOTHING = "hasn't returned any results"
_USED_UP = re.compile(r"run out of searches|credit is too low", re.IGNORECASE)
_REMEMBERED = 1000  # searches, about what a plan allows within the hour
_CLOCK_MARGIN = timedelta(seconds=2)  # both headers and bodies give whole seconds


class SerpApiSpec(Spec):
    """until_people: another page only while fewer people are named. empties_billed: not confirmed by the vendor."""

    engine: Literal["google", "google_news", "google_jobs"] = "google"
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
    def _seen(self) -> deque[str]:
        """Ids of searches this client was given."""
        return deque(maxlen=_REMEMBERED)

    def secret_params(self) -> dict[str, str]:
        return {"api_key": self.credentials["api_key"]}

    def refusal(self, received: Received) -> type[ProviderError]:
        return QuotaExhausted if _USED_UP.search(received.text[:2000]) else refusal_by_status(received)

    async def answer(
        self, question: Question, spec: SerpApiSpec, exchange: Exchange, _keep_handle: KeepHandle
    ) -> Answer:
        q = filled(spec.q, question)
        payload: dict[str, Json] = {}
        notes: list[str] = []
        for page in range(1, min(spec.pages, question.max_units) + 1):
            if page > 1 and not _worth_another(payload, spec):
                break
            try:
                body = await self._page(question, spec, exchange, q=q, start=10 * (page - 1), notes=notes)
            except ProviderError as error:
                if not payload or error.uncertain:
                    raise
                notes.append(f"page {page} is missing: {error}")
                break
            payload["search" if page == 1 else f"page_{page}"] = body
        return exchange.answer(found=any(map(_has_results, payload.values())), payload=payload, notes=notes)

    async def _page(
        self, question: Question, spec: SerpApiSpec, exchange: Exchange, *, q: str, start: int, notes: list[str]
    ) -> dict[str, Json]:
        params = [("engine", spec.engine), ("q", q)]
        if start:
            params.append(("start", str(start)))
        began = exchange.elapsed
        call = Call("GET", "/search.json", params, owed={question.unit: 1})
        received, body = await exchange.send(call, lambda received: (received, as_object(received)))
        if refusal := _refused(body):
            kind, what = refusal
            raise exchange.error(kind, what)
        if self._seen_before(body) or _from_the_vendors_memory(received, body, asked_for=exchange.elapsed - began):
            notes.append("answered from the vendor's memory of the last hour: free")
        elif _has_results(body) or spec.empties_billed:
            exchange.units[question.unit] += 1
        return body

    def _seen_before(self, body: dict[str, Json]) -> bool:
        """Whether this client was already given this very search; notes that it was."""
        metadata = body.get("search_metadata")
        search_id = metadata.get("id") if isinstance(metadata, dict) else None
        if not search_id or search_id in self._seen:
            return bool(search_id)
        self._seen.append(search_id)
        return False

    async def account(self, exchange: Exchange) -> AccountStatus:
        body = await exchange.send(Call("GET", "/account.json"), as_object)
        left = body.get("total_searches_left", body.get("plan_searches_left"))
        plan = body.get("plan_name") or "its plan"
        if not isinstance(left, int):
            return AccountStatus(
                self.name, ok=True, sentence=f"serpapi accepts the key ({plan}); it does not say what is left."
            )
        sentence = f"serpapi accepts the key ({plan}); {left} searches are left."
        return AccountStatus(self.name, ok=left > 0, sentence=sentence, left=Decimal(left), unit="search")


def _has_results(body: dict[str, Json]) -> bool:
    return any(value for key, value in body.items() if key.endswith("_results") or key == "knowledge_graph")


def _refused(body: dict[str, Json]) -> tuple[type[ProviderError], str] | None:
    """What a 200 that is no answer means. Nothing found is an answer."""
    said, metadata = str(body.get("error") or ""), body.get("search_metadata")
    status = metadata.get("status") if isinstance(metadata, dict) else None
    if _has_results(body) or _NOTHING in said:
        return None
    if _USED_UP.search(said):
        return QuotaExhausted, said
    if "API key" in said:
        return CredentialsRejected, said
    if status == "Error":
        return ProviderUnavailable, said or "search_metadata.status is Error"
    if said or status != "Success":
        return UnexpectedReply, said or f"search_metadata.status is {status}"
    return None


def _from_the_vendors_memory(received: Received, body: dict[str, Json], *, asked_for: float) -> bool:
    """By the vendor's own clock: the search was made before we asked for it."""
    try:
        answered = parsedate_to_datetime(received.headers["date"])
        made = datetime.strptime(body["search_metadata"]["created_at"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return False
    return made < answered - timedelta(seconds=asked_for) - _CLOCK_MARGIN


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
