"""A company asked for by its domain: what was read before its name came is read once more, however they overlap."""

import asyncio
import threading
from dataclasses import dataclass, replace
from typing import Any

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.requests import Event
from enrichment.domain.values import NewsItem, Text
from enrichment.parsing import ParsedValue, ReaderEntry, ReaderInput
from enrichment.pipeline.enrich import Ask, enrich
from enrichment.ports import BeforeSend, KeepHandle, SourceAnswer, SourceQuery
from resources.store import SqlStore
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import MATRIX, NOON

NAMES, NEWS = "google_knowledge_graph", "serp_news"


@dataclass
class NamesAfterNews:
    """Answers with the name only once the news have been read."""

    news_read: threading.Event
    name: str = "names after news"

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:  # noqa: ARG002  the port's
        await before_send()
        if question.source == NAMES:
            await asyncio.to_thread(self.news_read.wait, PATIENCE_SECONDS)
        return SourceAnswer(True, {}, {question.unit: 1})


@dataclass
class KeepsNewsLast:
    """The store's knowledge, in which facts of news are kept only once the name was learned."""

    knowledge: Any
    named: threading.Event

    def __getattr__(self, name: str) -> Any:
        return getattr(self.knowledge, name)

    def keep_facts(self, reply_id: str, *more: Any, **named: Any) -> None:
        if self.knowledge.reply(reply_id).source == NEWS:
            self.named.wait(PATIENCE_SECONDS)
        self.knowledge.keep_facts(reply_id, *more, **named)


@dataclass
class StoreThatKeepsNewsLast:
    store: SqlStore
    knowledge: KeepsNewsLast

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def test_a_reply_that_is_still_being_kept_when_the_name_comes_is_read_with_the_name_too(store: SqlStore) -> None:
    store.companies.add([Company("com_1", "acme.com", None, "acme.com", NOON)])
    news_read, named = threading.Event(), threading.Event()

    def read_news(subject: ReaderInput) -> list[ParsedValue]:
        news_read.set()
        return [ParsedValue("recent_news", NewsItem(title="Acme opens"), 1.0, "")] if subject.name else []

    def seen(event: Event) -> None:
        if event.what == "learned the name":
            named.set()

    readers = {
        NAMES: ReaderEntry(lambda _: iter([ParsedValue("company_name", Text(text="Acme"), 1.0, "")])),
        NEWS: ReaderEntry(lambda subject: iter(read_news(subject))),
    }
    slow = StoreThatKeepsNewsLast(store, KeepsNewsLast(store.knowledge, named))
    providers = dict.fromkeys(MATRIX.providers, NamesAfterNews(news_read))
    context = RunContext(store, providers, model=None, now=lambda: NOON, readers=readers)
    ask = Ask("acme.com", datasets=("company_name", "recent_news"), sources=(NAMES, NEWS))
    asyncio.run(enrich(ask, rules=MATRIX, context=replace(context, store=slow), watch=seen))
    assert [fact.dataset for fact in store.knowledge.known("com_1").facts if fact.dataset == "recent_news"]
