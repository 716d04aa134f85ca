"""Past requests and what they bought, to be replayed under other rules."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from enrichment.domain.knowledge import Known
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.history import History, Observation
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome, rerun
from enrichment.pipeline.stages import Ask, asked_note
from enrichment.rules import Rules
from tests.support.examples import MATRIX, NOON, acme, known_from

DAY = timedelta(days=1)
EVERYTHING = ["company_name", "domain", "industry", "employee_count", "company_description"]


def request(day: float = 1, consumer: str = "profile", *, domain: str | None = "acme.com", **options: Any) -> Request:
    note = asked_note(Ask("acme.com", **options), acme(domain=domain))
    at = NOON + day * DAY
    return Request(
        f"req_{day}", "com_1", consumer, None, "enhanced", MATRIX.hash, at, state="complete", plan={"asked": note}
    )


def seen(known: Known, **units: int) -> tuple[Observation, ...]:
    return tuple(
        Observation(head, units, tuple(f for f in known.facts if f.reply_id == head.reply_id)) for head in known.replies
    )


def history(known: Known, *requests: Request, **units: int) -> History:
    return History(NOON, requests, {"com_1": acme()}, {"com_1": seen(known, **units)})


def replay(rules: Rules, past: History, **more: Any) -> SimulationOutcome:
    return rerun(Side(rules), past, **more)


def with_source(rules: Rules, name: str, **changes: object) -> Rules:
    return rules.model_copy(
        update={"sources": {**rules.sources, name: rules.sources[name].model_copy(update=changes)}, "hash": "other"}
    )


def with_caps(**limits: Any) -> Rules:
    return MATRIX.model_copy(update={"caps": MATRIX.caps.model_copy(update=limits)})


def priced(rules: Rules, provider: str, unit: str, usd: str) -> Rules:
    entry = rules.providers[provider]
    price = entry.prices[unit].model_copy(update={"usd_per_unit": Decimal(usd)})
    changed = entry.model_copy(update={"prices": {**entry.prices, unit: price}})
    return rules.model_copy(update={"providers": {**rules.providers, provider: changed}, "hash": "other"})


def everything_from_company_db(at: datetime = NOON + DAY, *, also: list[str] | None = None) -> Known:
    return known_from(("brightdata_company_db", EVERYTHING), ("google_knowledge_graph", also or []), at=at)
