"""Requests for analyses of one company, over a store of their own and the sandbox's language model."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from enrichment.analysis.results import AnalysisResults
from enrichment.analysis.runner import analyse
from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.requests import Event, Request
from enrichment.domain.values import Contact, EmployeeCount, IntentSignal, JobPosting, NewsItem, Technology, Text, Value
from enrichment.ports import LanguageModel, ModelAnswer
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limiter import Unlimited
from resources.store import SqlStore
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import MATRIX

RULES = MATRIX
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ACME = Company("com_1", "acme.example", "Acme", "acme.example", NOW)
CONSUMER = "customer_intelligence"
ALL = tuple(RULES.analyses)
ADVICE = {"intelligence_summary", "contact_priorities"}
VALUES: list[tuple[str, str, Value]] = [
    ("company_name", "google_knowledge_graph", Text(text="Acme Corporation")),
    ("industry", "brightdata_company_db", Text(text="Machinery manufacturing")),
    ("employee_count", "brightdata_company_db", EmployeeCount(low=501, high=1_000)),
    ("company_description", "google_knowledge_graph", Text(text="Acme makes anvils and rockets for coyotes.")),
    ("key_contacts", "snov_contacts", Contact(full_name="Wile Coyote", title="Head of Procurement")),
    ("tech_stack", "brightdata_technographics", Technology(name="Kafka", category="streaming")),
    ("recent_news", "serp_news", NewsItem(title="Acme opens a plant in Ohio", published_at=NOW)),
    ("recent_news", "serp_news", NewsItem(title="Acme cuts the price of anvils against its rival Road Works")),
    ("hiring_trends", "serp_jobs", JobPosting(title="Smith for the new plant", location="Ohio")),
    ("purchase_intent", "brightdata_intent_data", IntentSignal(topic="rocket fuel", strength=0.8)),
]


def facts(at: datetime = NOW, values: Sequence[tuple[str, str, Value]] = tuple(VALUES)) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            company_id="com_1",
            dataset=dataset,
            value=value,
            quality=0.9,
            reliability=0.9,
            source=source,
            reply_id=f"rep_{source}",
            purchase_id=f"pur_{source}",
            evidence="search[0]",
            collected_at=at,
            holds_until=at + timedelta(days=1),
        )
        for dataset, source, value in values
    )


@dataclass
class HeldBack:
    """A model that has its answer, and gives it once it may."""

    model: LanguageModel
    may: Callable[[], bool]
    name: str = "openai"

    async def answer(self, schema: Mapping[str, Json], **asked: Any) -> ModelAnswer:
        answer = await self.model.answer(schema, **asked)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.may():  # noqa: ASYNC110 - what it waits for sets no event
                await asyncio.sleep(0.01)
        return answer


@dataclass
class AnalysisStack:
    """A store, the sandbox, and requests for customer_intelligence about one company; their events are kept."""

    store: SqlStore
    sandbox: str
    http: httpx.Client
    events: list[Event]

    def analyse(self, *names: str, **changes: Any) -> AnalysisResults:
        (results,) = self.analyse_at_once([names], **changes)
        return results

    def analyse_at_once(self, requests: Sequence[Sequence[str]], **changes: Any) -> list[AnalysisResults]:
        """answers_after: of an event, without which the model keeps its answers back."""
        rules, answers_after = changes.pop("rules", RULES), changes.pop("answers_after", None)

        async def run() -> list[AnalysisResults]:
            openai = OpenAIModel(
                rules.providers["openai"],
                {"api_key": "sandbox"},
                base_url=f"{self.sandbox}/openai/v1",
                limiter=Unlimited(),
            )
            model = openai if answers_after is None else HeldBack(openai, lambda: answers_after in self.seen())
            asked = {"model": model, "rules": rules, **changes}
            try:
                return list(await asyncio.gather(*(self._one(names, **asked) for names in requests)))
            finally:
                await openai.aclose()

        return asyncio.run(run())

    async def _one(
        self,
        names: Sequence[str],
        *,
        model: LanguageModel | None,
        known: Sequence[Fact] | None = None,
        audience: str | None = None,
        rules: Rules,
        now: datetime = NOW,
        max_cost: int | None = None,
        seconds_used: float = 0.0,
    ) -> AnalysisResults:
        request = self.open_request(audience, now)
        return await analyse(
            names,
            known=Known((), tuple(facts() if known is None else known)),
            requirements=requirements_of(rules, (CONSUMER,)).within(max_cost=max_cost, oldest=None),
            company=ACME,
            audience_text=audience,
            request=request,
            rules=rules,
            context=self.context(model, now),
            trace=Trace(request.request_id, self.store.requests, lambda: now, self.events.append),
            seconds_used=seconds_used,
        )

    def open_request(self, audience: str | None, at: datetime) -> Request:
        request = Request(new_id("req"), ACME.company_id, CONSUMER, audience, "enhanced", RULES.hash, at)
        self.store.requests.open(request)
        return request

    def context(self, model: LanguageModel | None, at: datetime) -> RunContext:
        return RunContext(self.store, {}, model, lambda: at, {"openai": "set OPENAI_API_KEY in .env"})

    def fault(self, fault: str, **more: Any) -> None:
        self.http.post("/_sandbox/faults", json={"vendor": "openai", "fault": fault, **more}).raise_for_status()

    def seen(self) -> list[str]:
        return [event.what for event in self.events]

    def invoice(self) -> dict[str, int]:
        billed: dict[str, int] = self.http.get("/_sandbox/invoice").json()["openai"]
        return billed

    def ledger(self, *results: AnalysisResults) -> dict[str, int]:
        units = {"input_token": 0, "output_token": 0}
        for purchase in (p for r in results for p in self.store.ledger.purchases(r.purchases[0].request_id)):
            for unit, count in purchase.units.items():
                units[unit] += count
        return units
