"""Whatever merges and splits happened, in whatever order they are undone: every row is again as it was, byte for byte.

Compared are all tables as they are stored, but for what is a log (company_events), the numbers of changes, and the ids
of companies that a split had made: a process may still use them, so they lead to the company they came from.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichment.domain.companies import Cause, Company, CompanyEvent
from enrichment.ports import StoreError
from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.store.companies import moves
from resources.store.database.database import Database
from tests.support.examples import NOON

Dump = dict[str, list[tuple[Any, ...]]]
Rows = list[dict[str, Any]]
Step = tuple[str, int]

IDS = [f"com_{number}" for number in range(5)]
ALIASES = [*(f"key{number}.com" for number in range(5)), "name:shared", "linkedin:shared", "ticker:one", "old.com"]
STATES = ["reserved", "sent", "settled", "settled", "released", "uncertain"]
DUMPS = {
    table.name: f"SELECT {', '.join(column.name for column in table.columns if column.name != 'changed')}"  # noqa: S608
    f" FROM {table.name} ORDER BY {', '.join(column.name for column in table.primary_key.columns)}"
    for table in t.metadata.sorted_tables
    if table.name not in {"company_events", "change_counter"}
}
STEPS = st.lists(st.tuples(st.sampled_from(["merge", "split", "undo"]), st.integers(0, 10_000)), max_size=5)
STORES = st.integers(0, 1_000_000)
"""Seeds: each one a store with other rows."""


def dump(tx: sa.Connection) -> Dump:
    return {name: [tuple(row) for row in tx.exec_driver_sql(query)] for name, query in DUMPS.items()}


def filled(tx: sa.Connection, random: Random) -> None:
    """Companies with everything that may belong to one; what is under way asks a question of its own."""
    tables: dict[sa.Table, Rows] = {
        t.companies: [_company(id_, random) for id_ in IDS],
        t.company_aliases: [_alias(alias, id_, random) for id_ in IDS for alias in random.sample(_others(id_), 2)],
        t.company_relations: [_relation(id_, random) for id_ in random.sample(IDS, 3)],
        t.former_companies: [{"company_id": f"former_{n}", "now": random.choice(IDS)} for n in range(2)],
        t.requests: [_request(f"req_{n}", random) for n in range(6)],
        t.caps: [{"name": "day:2026-03-02", "taken_micro_usd": 100_000}],
    }
    tables[t.purchases] = [_purchase(f"pur_{n:02}", random) for n in range(10)]
    bought = [row for row in tables[t.purchases] if row["state"] == "settled"]
    tables[t.replies] = [_reply(row) for row in bought if random.random() < 0.7]
    replied = {row["purchase_id"] for row in tables[t.replies]}
    tables[t.analyses] = [_analysis(row) for row in bought if row["purchase_id"] not in replied]
    tables[t.facts] = list(_facts(tables[t.replies], tables[t.analyses], random))
    tables[t.profiles] = [_profile(f"pro_{n}", row, random) for n, row in enumerate(tables[t.requests])]
    tables[t.changes] = [_change(f"chg_{n}", row) for n, row in enumerate(tables[t.requests][:3])]
    tables[t.verdicts] = [_verdict(f"ver_{n}", random) for n in range(3)]
    for table, rows in tables.items():
        if rows:
            tx.execute(sa.insert(table), rows)


def _others(company_id: str) -> list[str]:
    """A company's key is none of its aliases."""
    return [alias for alias in ALIASES if alias != f"key{company_id[-1]}.com"]


def _company(company_id: str, random: Random) -> dict[str, Any]:
    key = f"key{company_id[-1]}.com"
    name = random.choice([None, "Acme", "Acme Widgets"])
    return {"company_id": company_id, "key": key, "name": name, "domain": key, "name_key": name, "created_at": NOON}


def _alias(alias: str, company_id: str, random: Random) -> dict[str, Any]:
    source = random.choice([None, "apollo"])
    return {"alias": alias, "company_id": company_id, "kind": random.choice(["id", "redirect"]), "name": None} | {
        "source": source,
        "learned_at": NOON if source else None,
    }


def _relation(company_id: str, random: Random) -> dict[str, Any]:
    other, kind = random.choice(_others(company_id)), random.choice(["parent", "subsidiary"])
    return {
        "company_id": company_id,
        "kind": kind,
        "other": other,
        "name": None,
        "source": "apollo",
        "learned_at": NOON,
    }


def _request(request_id: str, random: Random) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "company_id": random.choice(IDS),
        "consumer": "profile",
        "audience": None,
        "strategy": "enhanced",
        "rules_hash": "rules",
        "asked_at": NOON,
        "asked_by": "cli",
        "state": random.choice(["running", "complete"]),
        "cost_micro_usd": 0,
        "saved_micro_usd": 0,
        "plan": {"steps": []},
    }


def _purchase(purchase_id: str, random: Random) -> dict[str, Any]:
    state, company_id = random.choice(STATES), random.choice(IDS)
    under_way = state in ("reserved", "sent")
    return {
        "purchase_id": purchase_id,
        "request_id": f"req_{random.randrange(6)}",
        "company_id": company_id,
        "consumer": "profile",
        "strategy": "enhanced",
        "source": "serp_news",
        "provider": "serpapi",
        "variant": purchase_id,
        "rules_hash": "rules",
        "reserved_units": {"search": 1},
        "usd_per_unit": {"search": "0.05"},
        "reserved_micro_usd": 50_000,
        "reserved_at": NOON,
        "lease_until": NOON + timedelta(minutes=1),
        "state": state,
        "units": {},
        "cost_micro_usd": 0,
        "calls": 0,
        "claim": f"{company_id} serp_news {purchase_id}" if under_way else None,
        "reported_at": NOON if state == "settled" and random.random() < 0.5 else None,
        "cap_names": ["day:2026-03-02"],
    }


def _reply(purchase: dict[str, Any]) -> dict[str, Any]:
    return {
        "reply_id": f"rep_{purchase['purchase_id']}",
        **{name: purchase[name] for name in ("company_id", "source", "variant", "purchase_id", "request_id")},
        "found": True,
        "payload": {"search": {}},
        "collected_at": NOON,
        "expires_at": NOON + timedelta(days=7),
        "cost_micro_usd": 50_000,
        "reader_version": 1,
    }


def _analysis(purchase: dict[str, Any]) -> dict[str, Any]:
    return {
        "analysis_id": f"ana_{purchase['purchase_id']}",
        "key": purchase["purchase_id"],
        **{name: purchase[name] for name in ("company_id", "purchase_id", "request_id")},
        "name": "hiring",
        "audience": None,
        "model": "model",
        "answer": {},
        "claims_kept": 1,
        "claims_dropped": 0,
        "evidence": {},
        "created_at": NOON,
    }


def _facts(replies: Rows, analyses: Rows, random: Random) -> Iterator[dict[str, Any]]:
    """Some of an analysis point to a reply about another company: a fact follows its analysis."""
    for row in replies:
        yield _fact(row, row["reply_id"], None)
    for row in analyses:
        evidence = random.choice(replies)["reply_id"] if replies else "rep_gone"
        yield _fact(row, evidence, row["analysis_id"])


def _fact(row: dict[str, Any], reply_id: str, analysis_id: str | None) -> dict[str, Any]:
    return {
        "reply_id": reply_id,
        "analysis_id": analysis_id,
        "company_id": row["company_id"],
        "dataset": "industry",
        "value": {"text": "Machinery"},
        "quality": 0.9,
        "reliability": 0.95,
        "source": "serp_news",
        "purchase_id": row["purchase_id"],
        "evidence": "search",
        "collected_at": NOON,
        "holds_until": NOON + timedelta(days=7),
        "reader_version": 1,
        "last_resort": False,
    }


def _change(change_id: str, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "change_id": change_id,
        "mark": change_id,
        **{name: request[name] for name in ("company_id", "request_id", "consumer", "audience")},
        "dataset": "industry",
        "kind": "changed",
        "before": {"text": "Machinery"},
        "after": {"text": "Banking"},
        "source": "serp_news",
        "reply_id": "rep_1",
        "evidence": "search",
        "why": "it states so",
        "since": NOON,
        "profile_id": "pro_1",
        "at": NOON,
    }


def _verdict(verdict_id: str, random: Random) -> dict[str, Any]:
    return {
        "verdict_id": verdict_id,
        "company_id": random.choice(IDS),
        "dataset": "industry",
        "wrong_value": {"text": "Machinery"},
        "right_value": random.choice([None, {"text": "Banking"}]),
        "because": "a person asked them",
        "sources": ["serp_news"],
        "by": "cli",
        "at": NOON,
        "withdrawn_at": random.choice([None, NOON + timedelta(hours=1)]),
    }


def _profile(profile_id: str, request: dict[str, Any], random: Random) -> dict[str, Any]:
    return {
        "profile_id": profile_id,
        "company_id": request["company_id"],
        "consumer": "profile",
        "audience": None,
        "requirements_hash": "requirements",
        "rules_hash": "rules",
        "request_id": request["request_id"],
        "quality": 0.9,
        "completeness": 1.0,
        "confidence": "High",
        "document": {},
        "created_at": NOON,
        "holds_until": NOON + timedelta(hours=random.randrange(1, 24)),
    }


class RandomEvents:
    """Merges, splits and undoes in one store, each choice by a number; remembers what is not undone yet."""

    def __init__(self, tx: sa.Connection) -> None:
        self._tx, self._step, self._open = tx, 0, list[CompanyEvent]()
        self.split_off: set[str] = set()

    def take(self, kind: str, choice: int) -> None:
        random, self._step = Random(choice), self._step + 1
        companies = [Company(*row) for row in self._tx.execute(_COMPANIES)]
        if kind == "merge" and len(companies) > 1:
            going, staying = random.sample(companies, 2)
            merged = moves.merge(self._tx, going.company_id, staying, self._cause())
            assert merged is not None
            self._open.append(merged)
        elif kind == "split":
            self._split(random.choice(companies), random)
        elif kind == "undo" and self._open:
            self._undo(random.choice(self._open))

    def undo_all(self, order: int) -> None:
        random = Random(order)
        while self._open:
            self._undo(random.choice(self._open))

    def _split(self, company: Company, random: Random) -> None:
        key = random.choice(["fresh.com", *ALIASES[5:]])
        if self._tx.scalar(sa.select(t.companies.c.key).where(t.companies.c.key == key)):
            return
        new: dict[str, Any] = {
            "company_id": f"com_new_{self._step}",
            "key": key,
            "name": None,
            "domain": None,
            "name_key": None,
        }
        aliases = self._some(sa.select(t.company_aliases.c.alias), t.company_aliases, company, random)
        bought = self._some(sa.select(t.purchases.c.purchase_id), t.purchases, company, random)
        if not aliases and not bought:
            return
        new |= {"created_at": self._now()}
        event = moves.split(self._tx, company, new, aliases=aliases, purchase_ids=bought, cause=self._cause())
        self._open.append(event)
        self.split_off.add(event.to_id)

    def _some(self, query: sa.Select[Any], table: sa.Table, company: Company, random: Random) -> Sequence[str]:
        own = sorted(self._tx.scalars(query.where(table.c.company_id == company.company_id)))
        return random.sample(own, random.randint(0, len(own)))

    def _undo(self, event: CompanyEvent) -> None:
        """A later event that has to be undone first is the one that is undone."""
        try:
            undone = moves.undo(self._tx, event.event_id, by="test", at=self._now())
        except StoreError as error:
            [first] = [other for other in self._open if f"Undo {other.event_id} first" in str(error)]
            self._undo(first)
        else:
            self._open = [other for other in self._open if other.event_id != undone.event_id]

    def _cause(self) -> Cause:
        return Cause("test", self._now(), "by chance")

    def _now(self) -> datetime:
        return NOON + timedelta(minutes=self._step)


_COMPANIES = sa.select(
    *(t.companies.c[name] for name in ("company_id", "key", "name", "domain", "created_at"))
).order_by(t.companies.c.company_id)


class Rolled(Exception):
    """Leaves a transaction without a trace."""


@contextmanager
def trial(database: Database) -> Iterator[sa.Connection]:
    try:
        with database.writing() as tx:
            yield tx
            raise Rolled
    except Rolled:
        pass


def comes_back(store: SqlStore, seed: int, steps: Sequence[Step], order: int) -> None:
    with trial(store.database) as tx:
        filled(tx, Random(seed))
        before = dump(tx)
        play = RandomEvents(tx)
        for kind, choice in steps:
            play.take(kind, choice)
        play.undo_all(order)
        after = dump(tx)
    led_back = [row for row in after["former_companies"] if row[0] in play.split_off]
    after["former_companies"] = [row for row in after["former_companies"] if row not in led_back]
    assert after == before
    assert {row[0] for row in led_back} == play.split_off


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('moves') / 'store.sqlite'}", world="sandbox")
    yield store
    store.close()


@pytest.fixture
def postgres_store(emptied_postgres_url: str) -> Iterator[SqlStore]:
    store = open_store(emptied_postgres_url, world="sandbox")
    yield store
    store.close()


@settings(max_examples=250)
@given(seed=STORES, steps=STEPS, order=st.integers(0, 10_000))
def test_sequences_of_merges_and_splits_come_back(
    sqlite_store: SqlStore, seed: int, steps: Sequence[Step], order: int
) -> None:
    comes_back(sqlite_store, seed, steps, order)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=STORES, steps=STEPS, order=st.integers(0, 10_000))
def test_sequences_of_merges_and_splits_come_back_on_postgres_too(
    postgres_store: SqlStore, seed: int, steps: Sequence[Step], order: int
) -> None:
    comes_back(postgres_store, seed, steps, order)
