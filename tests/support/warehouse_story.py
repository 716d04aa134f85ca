"""A store with a story to tell: companies enriched by hand, through the store's own doors and the real assembly."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source, new_id
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Analysis, Fact, Known, ModelReply, Reply
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Request, SourceFailure
from enrichment.domain.values import Contact, EmployeeCount, IntentSignal, JobPosting, NewsItem, Technology, Text, Value
from enrichment.planning.plan import make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.ports import Reserved
from enrichment.profiles.assembly import assemble
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from resources.store import SqlStore
from resources.warehouse import Warehouse
from tests.support.examples import MATRIX, NOON

Answers = Mapping[str, Sequence[Value]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

EVERYTHING = (
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'main' AND table_name <> 'state'"
    " UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views()"
    " WHERE schema_name IN ('spend', 'sources') AND view_name <> 'freshness'"
)

IDENTITY: Answers = {
    "company_name": [Text(text="Acme")],
    "domain": [Text(text="acme.com")],
    "company_description": [Text(text="Acme makes widgets.")],
}
FIRMOGRAPHICS: Answers = {
    "industry": [Text(text="Software Development")],
    "employee_count": [EmployeeCount(low=1001, high=5000)],
}
PEOPLE: Answers = {
    "key_contacts": [
        Contact(
            full_name=f"Invented Person {n}",
            title="Head of Sales",
            seniority="director",
            department="sales",
            email=f"person{n}@acme.com",
            email_status="valid" if n else "unknown",
            email_checked_at=NOON - HOUR,
        )
        for n in range(4)
    ]
}
TECHNOLOGIES: Answers = {"tech_stack": [Technology(name=f"Technology {n}", category="database") for n in range(6)]}
NEWS: Answers = {
    "recent_news": [NewsItem(title=f"Acme does thing {n}", publisher="The Paper", published_at=NOON) for n in range(3)]
}
POSTINGS: Answers = {"hiring_trends": [JobPosting(title="Engineer", location="Vienna", posted_on=NOON.date())]}
INTENT: Answers = {"purchase_intent": [IntentSignal(topic="databases", strength=0.75, observed_on=NOON.date())]}

FULL: Mapping[str, Answers] = {
    "google_knowledge_graph": IDENTITY,
    "brightdata_company_db": FIRMOGRAPHICS,
    "brightdata_people_db": PEOPLE,
    "brightdata_technographics": TECHNOLOGIES,
    "serp_news": NEWS,
    "serp_jobs": POSTINGS,
    "brightdata_intent_data": INTENT,
}
PROFILE: Mapping[str, Answers] = {"google_knowledge_graph": IDENTITY, "brightdata_company_db": FIRMOGRAPHICS}


def company(store: SqlStore, key: str, *, at: datetime = NOON) -> Company:
    return store.companies.add([Company(new_id("com"), key, key.split(".", maxsplit=1)[0].title(), key, at)])[0]


def request(
    store: SqlStore, about: Company, consumer: str = "profile", *, at: datetime = NOON, audience: str | None = None
) -> Request:
    asked = Request(new_id("req"), about.company_id, consumer, audience, "priority", MATRIX.hash, at)
    store.requests.open(asked)
    return asked


def bought(
    store: SqlStore,
    asked: Request,
    source: str,
    answers: Answers,
    *,
    at: datetime = NOON,
    payload: Json = None,
    sent: bool = True,
    steps: Json = None,
    units: int = 1,
    seconds: float = 1.5,
    quality: float | None = None,
) -> Purchase:
    """Asked, answered and settled at 0.05 USD; to know nothing is an answer too, and free.

    quality: of its facts; None: the usual one of each.

    sent: False where all its calls are free, so that it is never marked as sent.
    """
    purchase = _reserved(store, asked, source, at, sent=sent)
    reply = Reply(
        reply_id=new_id("rep"),
        company_id=asked.company_id,
        source=source,
        variant="a",
        purchase_id=purchase.purchase_id,
        request_id=asked.request_id,
        found=bool(answers),
        payload={"search": payload or {"results": []}, **(steps or {})},
        collected_at=at,
        expires_at=at + timedelta(seconds=MATRIX.sources[source].ttl),
        reader_version=1,
    )
    settled = replace(
        purchase,
        state="settled",
        units={"search": units} if answers else {},
        cost_micro_usd=50_000 if answers else 0,
        closed_at=at,
        latency_seconds=seconds,
        calls=1,
        outcome="found" if answers else "nothing",
    )
    facts = _facts(reply, answers)
    if quality is not None:
        facts = [replace(fact, quality=quality) for fact in facts]
    store.ledger.settle(settled, reply=reply, facts=facts)
    return settled


def refused(store: SqlStore, asked: Request, source: str, *, at: datetime = NOON, uncertain: bool = False) -> None:
    """Asked, and the vendor was down; uncertain: it may bill all the same."""
    made = _reserved(store, asked, source, at)
    if uncertain:
        store.ledger.mark_uncertain(made, at=at, reason=f"{source} did not answer in time")
    else:
        store.ledger.release(made, at=at, reason=f"{source} is unavailable")


def profiled(
    store: SqlStore,
    about: Company,
    consumer: str = "profile",
    *,
    buys: Mapping[str, Answers] = PROFILE,
    reads: Sequence[Purchase] = (),
    at: datetime = NOON,
    audience: str | None = None,
    failed: Mapping[str, str] | None = None,
    rules: Rules = MATRIX,
) -> tuple[Profile, list[Purchase]]:
    """One request from its opening to its profile. failed: analysis -> why."""
    asked = request(store, about, consumer, at=at, audience=audience)
    purchases = [bought(store, asked, source, answers, at=at) for source, answers in buys.items()]
    booked = [CacheRead(asked.request_id, p.purchase_id, p.source, "reply", p.cost_micro_usd, at) for p in reads]
    profile = _assembled(asked, about, store.knowledge.known(about.company_id), at, failed or {}, rules)
    finished = replace(
        asked,
        state="complete",
        finished_at=at,
        cost_micro_usd=sum(p.cost_micro_usd for p in purchases),
        saved_micro_usd=sum(read.saved_micro_usd for read in booked),
        served_from="vendors" if purchases else "memory",
        profile_id=profile.profile_id,
        plan={"expected_micro_usd": 100_000, "upper_bound_micro_usd": 400_000, "legacy_micro_usd": 1_200_000},
    )
    store.requests.close(finished, profiles=[profile], reads=booked)
    return profile, purchases


def everything(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every table's rows as text, order aside; freshness apart, which looks at the clock."""
    with warehouse.reading() as db:
        tables = [name for (name,) in db.execute(EVERYTHING).fetchall()]
        return {name: sorted(map(repr, db.table(name).fetchall())) for name in tables}


def analysed(store: SqlStore, asked: Request, name: str, *, at: datetime = NOON) -> Purchase:
    """An analysis over nothing in particular, answered at 0.05 USD, with one fact of hiring_trends."""
    source = analysis_source(name)
    purchase = _reserved(store, asked, source, at, provider="openai")
    analysis = Analysis(
        analysis_id=new_id("ana"),
        key=new_id("key"),
        company_id=asked.company_id,
        name=name,
        audience=None,
        model="a-model",
        purchase_id=purchase.purchase_id,
        request_id=asked.request_id,
        answer={},
        claims_kept=1,
        claims_dropped=0,
        evidence={},
        created_at=at,
    )
    settled = replace(
        purchase, state="settled", units={"search": 1}, cost_micro_usd=50_000, closed_at=at, outcome="answered"
    )
    made = Fact(
        company_id=asked.company_id,
        dataset="hiring_trends",
        value=JobPosting(title="Engineer"),
        quality=0.7,
        reliability=0.7,
        source=source,
        reply_id=analysis.analysis_id,
        purchase_id=purchase.purchase_id,
        evidence="",
        collected_at=at,
        holds_until=at + HOUR,
    )
    raw = ModelReply(
        analysis.analysis_id,
        analysis.key,
        asked.company_id,
        name,
        "a-model",
        purchase.purchase_id,
        asked.request_id,
        {},
        at,
    )
    store.ledger.settle(settled, reply=None, facts=(), answer=raw)
    store.knowledge.keep_analysis(analysis, [made], checked_by=1)
    return settled


def _reserved(
    store: SqlStore, asked: Request, source: str, at: datetime, *, provider: str | None = None, sent: bool = True
) -> Purchase:
    purchase = Purchase(
        purchase_id=new_id("pur"),
        request_id=asked.request_id,
        company_id=asked.company_id,
        consumer=asked.consumer,
        strategy=asked.strategy,
        source=source,
        provider=provider or MATRIX.sources[source].provider,
        variant="a",
        rules_hash=asked.rules_hash,
        reserved_units={"search": 2},
        usd_per_unit={"search": Decimal("0.05")},
        reserved_micro_usd=100_000,
        reserved_at=at,
        lease_until=at + HOUR,
    )
    assert isinstance(store.ledger.reserve(purchase, [], at_once=100), Reserved)
    assert not sent or store.ledger.send(purchase, at=at)
    return purchase


def _facts(reply: Reply, answers: Answers) -> list[Fact]:
    return [
        Fact(
            company_id=reply.company_id,
            dataset=dataset,
            value=value,
            quality=MATRIX.reliability(reply.source, dataset),
            reliability=MATRIX.reliability(reply.source, dataset),
            source=reply.source,
            reply_id=reply.reply_id,
            purchase_id=reply.purchase_id,
            evidence=f"search.results[{place}]",
            collected_at=reply.collected_at,
            holds_until=reply.expires_at,
        )
        for dataset, values in answers.items()
        for place, value in enumerate(values)
    ]


def _assembled(
    asked: Request, about: Company, known: Known, at: datetime, failed: Mapping[str, str], rules: Rules
) -> Profile:
    requirements = requirements_of(rules, [asked.consumer])
    made_of = Ingredients(
        company=about,
        request=asked,
        plan=make_plan(PlanInputs(rules, requirements, about, known, strategy="priority", now=at, unavailable={})),
        known=known,
        analyses=(),
        analysis_facts=(),
        failures=[
            SourceFailure(analysis_source(name), "openai", "UnusableAnswer", why) for name, why in failed.items()
        ],
        gaps=failed,
        paid={r.purchase_id: r.cost_micro_usd for r in known.replies},
        paid_by={r.purchase_id: r.request_id for r in known.replies},
    )
    return assemble(rules, requirements, made_of, at)


def rows(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    answer = warehouse.ask(sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def one(warehouse: Warehouse, sql: str) -> dict[str, Any]:
    [row] = rows(warehouse, sql)
    return row


def utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)


def collected(store: SqlStore, about: Company, source: str, answers: Answers, *, days: float = 0) -> None:
    """Bought for no profile, as when a raw asset is refreshed."""
    at = NOON + days * DAY
    bought(store, request(store, about, at=at), source, answers, at=at)


def bought_uncertain(store: SqlStore, asked: Request) -> Purchase:
    refused(store, asked, "serp_jobs", uncertain=True)
    return store.ledger_queries.uncertain()[0]
