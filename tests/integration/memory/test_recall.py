"""A reply is stored and paid for before it is read: no reader's mistake, and no killed process, loses it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.json_values import fingerprint
from enrichment.domain.requests import Event
from enrichment.domain.values import Text
from enrichment.parsing import READERS, OtherName, ParsedValue, ReaderEntry, ReaderInput
from enrichment.pipeline.enrich import Ask, Enriched, Watch, enrich
from enrichment.ports import BeforeSend, KeepHandle, Reserved, SourceAnswer, SourceQuery
from enrichment.rules import Rules
from resources.store import SqlStore
from tests.support.examples import MATRIX, NOON
from tests.support.ledger_records import MANY, answered, caps, draft, reply_of

FIRST, FALLBACK = "brightdata_company_db", "brightdata_firmographics"
ACME = Company("com_1", "acme.com", "Acme", "acme.com", NOON)
ASK = Ask("acme.com", datasets=("industry",), sources=(FIRST, FALLBACK))
FIRST_ALONE = replace(ASK, sources=(FIRST,))
NEWS = Ask("acme.com", datasets=("recent_news",), sources=("serp_news",))


def read_industry(subject: ReaderInput) -> Iterator[ParsedValue]:
    yield ParsedValue("industry", Text(text=str(subject.payload["industry"])), 1.0, "industry")


def stumble(subject: ReaderInput) -> Iterator[ParsedValue]:
    yield ParsedValue("industry", Text(text=subject.payload["industry"]["no such field"]), 1.0, "industry")


GOOD, BROKEN = ReaderEntry(read_industry), ReaderEntry(stumble)


@dataclass
class AnvilVendors:
    """All of them: each bills one unit and answers that Acme makes anvils."""

    asked: list[str] = field(default_factory=list)
    name: str = "all of them"
    records: list[dict[str, str]] = field(default_factory=list)

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:  # noqa: ARG002  the port's
        await before_send()
        self.asked.append(question.source)
        return SourceAnswer(True, {"industry": "Anvils", "records": self.records}, {question.unit: 1})


@dataclass
class ReadingStack:
    """About Acme, one after another, against these vendors."""

    store: SqlStore
    vendors: AnvilVendors = field(default_factory=AnvilVendors)
    rules: Rules = MATRIX
    now: datetime = NOON

    def ask(self, ask: Ask, *, first: ReaderEntry = GOOD, watch: Watch | None = None) -> Enriched:
        """first: the reader of the source that is asked first. watch: sees each event as it is noted."""
        self.store.companies.add([ACME])
        self.now += timedelta(minutes=1)
        readers = {**dict.fromkeys(self.rules.sources, GOOD), FIRST: first, "serp_news": first}
        context = RunContext(
            self.store,
            dict.fromkeys(self.rules.providers, self.vendors),
            model=None,
            now=lambda: self.now,
            readers=readers,
        )
        return asyncio.run(enrich(ask, rules=self.rules, context=context, watch=watch))

    def warnings(self, enriched: Enriched) -> list[Event]:
        events = self.store.requests.events(enriched.request.request_id)
        return [event for event in events if event.what == "reply not read"]

    def leave_unread(self, source: str) -> None:
        """As a process leaves a reply that was killed after it had settled and before it had read it."""
        self.store.companies.add([ACME])
        entry = self.rules.sources[source]
        made = replace(
            draft(source, at=self.now, variant=fingerprint(entry.question)),
            provider=entry.provider,
            reserved_units=self.rules.max_billed_units(source),
            usd_per_unit=self.rules.providers[entry.provider].usd_per_unit(),
        )
        assert isinstance(self.store.ledger.reserve(made, caps(10_000_000), at_once=MANY), Reserved)
        assert self.store.ledger.send(made, at=self.now)
        reply = replace(reply_of(made, at=self.now, payload={"industry": "Anvils"}), reader_version=0)
        self.store.ledger.settle(replace(answered(made, at=self.now), units={entry.unit: 1}), reply=reply, facts=())


@pytest.fixture
def stack(store: SqlStore) -> ReadingStack:
    return ReadingStack(store)


def industry(enriched: Enriched) -> list[str]:
    return [value["value"]["text"] for value in enriched.profile.document["datasets"]["industry"]["values"]]


def test_a_reader_that_raises_costs_its_facts_alone_and_the_fallback_is_asked(stack: ReadingStack) -> None:
    enriched = stack.ask(ASK, first=BROKEN)
    assert stack.vendors.asked == [FIRST, FALLBACK]
    assert {purchase.source: purchase.state for purchase in enriched.purchases} == {
        FIRST: "settled",
        FALLBACK: "settled",
    }
    assert (enriched.request.state, industry(enriched)) == ("complete", ["Anvils"])
    [warning] = stack.warnings(enriched)
    assert warning.data["source"] == FIRST
    assert "TypeError" not in warning.data["warning"], "people read it"
    assert re.search(r"cannot read this reply: \S.* \(\w+\.py, line \d+\)$", warning.data["warning"])


def test_a_reply_that_names_another_company_is_kept_as_paid_for_and_used_for_none(stack: ReadingStack) -> None:
    stack.vendors.records = [{"name": "Widget Works", "website": "widgets.com", "industries": "Widgets"}]
    enriched = stack.ask(ASK, first=READERS[FIRST])
    assert (stack.vendors.asked, industry(enriched)) == ([FIRST, FALLBACK], ["Anvils"])
    [paid] = [purchase for purchase in enriched.purchases if purchase.source == FIRST]
    assert (paid.state, paid.cost_micro_usd) == ("settled", 150_000)
    known = stack.store.knowledge.known("com_1")
    assert {head.source for head in known.replies} == {FIRST, FALLBACK}
    assert {fact.source for fact in known.facts} == {FALLBACK}
    events = stack.store.requests.events(enriched.request.request_id)
    [named] = [event.data for event in events if event.what == "names another company"]
    assert named == {
        "source": FIRST,
        "purchase": paid.purchase_id,
        "name": "Widget Works",
        "website": "widgets.com",
    }


def read_former_name_and_parent(_: ReaderInput) -> Iterator[OtherName]:
    yield OtherName("former_name", "Beta Works")
    yield OtherName("parent", "Omega", "omega.com")


def test_a_former_name_in_a_reply_leads_to_the_company_and_a_parent_does_not(stack: ReadingStack) -> None:
    stack.ask(FIRST_ALONE, first=replace(GOOD, other_names=read_former_name_and_parent))
    companies = stack.store.companies
    [alias], [related] = companies.aliases("com_1"), companies.relations("com_1")
    assert (alias.alias, alias.kind, alias.source) == ("name:beta-works", "former_name", FIRST)
    assert (related.other, related.kind, related.source) == ("omega.com", "parent", FIRST)
    assert alias.learned_at == related.learned_at
    assert companies.by_key("name:beta-works") == ACME
    assert companies.by_key("omega.com") is None


def test_names_that_cannot_be_read_leave_the_reply_unread(stack: ReadingStack) -> None:
    def stumbling(subject: ReaderInput) -> Iterator[OtherName]:
        yield OtherName("brand", subject.payload["industry"]["no such field"])

    enriched = stack.ask(FIRST_ALONE, first=replace(GOOD, other_names=stumbling))
    assert len(stack.warnings(enriched)) == 1
    assert stack.store.companies.aliases("com_1") == []


def test_what_could_not_be_read_is_kept_and_a_newer_reader_reads_it_for_nothing(stack: ReadingStack) -> None:
    first = stack.ask(FIRST_ALONE, first=BROKEN)
    assert (first.request.state, industry(first)) == ("incomplete", [])
    why = first.profile.document["datasets"]["industry"]["why"]
    assert f"{FIRST} answered, but its reply could not be read" in why
    again = stack.ask(FIRST_ALONE, first=replace(GOOD, version=2))
    assert (again.request.state, industry(again), again.request.cost_micro_usd) == ("complete", ["Anvils"], 0)
    assert stack.vendors.asked == [FIRST]
    [head] = stack.store.knowledge.known("com_1").replies
    assert head.reader_version == 2


def test_a_later_request_that_cannot_read_it_either_reports_it_and_buys_nothing_twice(stack: ReadingStack) -> None:
    stack.ask(FIRST_ALONE, first=BROKEN)
    again = stack.ask(FIRST_ALONE, first=BROKEN)
    assert stack.vendors.asked == [FIRST]
    assert len(stack.warnings(again)) == 1


def test_a_reply_left_unread_by_a_killed_process_is_read_by_the_next_request(stack: ReadingStack) -> None:
    stack.leave_unread(FIRST)
    assert stack.store.knowledge.known("com_1").facts == ()
    enriched = stack.ask(ASK)
    assert stack.vendors.asked == []
    assert (enriched.request.state, industry(enriched)) == ("complete", ["Anvils"])
    assert [fact.dataset for fact in stack.store.knowledge.known("com_1").facts] == ["industry"]


def test_a_reply_that_another_process_settles_meanwhile_is_read_here_if_that_one_has_not_read_it(
    stack: ReadingStack,
) -> None:
    def settle_elsewhere(event: Event) -> None:
        if event.what == "planned":
            stack.leave_unread(FIRST)

    enriched = stack.ask(ASK, watch=settle_elsewhere)
    assert stack.vendors.asked == []
    assert (enriched.request.state, industry(enriched)) == ("complete", ["Anvils"])
    assert [read.source for read in enriched.reads] == [FIRST]


def test_a_reply_that_could_not_be_read_does_not_mean_that_there_is_nothing(stack: ReadingStack) -> None:
    enriched = stack.ask(NEWS, first=BROKEN)
    assert enriched.profile.document["datasets"]["recent_news"]["status"] == "missing"
    read = stack.ask(NEWS, first=replace(GOOD, version=2))
    assert read.profile.document["datasets"]["recent_news"]["status"] == "empty"


def test_facts_are_stored_with_the_reader_that_read_them_and_found_nothing_to_read_counts_as_read(
    stack: ReadingStack,
) -> None:
    stack.ask(FIRST_ALONE, first=replace(GOOD, version=3))
    known = stack.store.knowledge.known("com_1")
    assert [head.reader_version for head in known.replies] == [3]
    assert [fact.reader_version for fact in known.facts] == [3]
