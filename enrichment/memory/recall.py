"""What memory has of a company, as it is read and trusted today.

    store -> Known -> stored replies that a newer reader, or none yet, has read: read now, free
          -> reliability by the rules of now

A reader that raises loses nothing: the reply stays stored, unread, with a warning in the trace.
"""

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from enrichment.context.trace import Trace
from enrichment.domain.companies import Alias, Company, CompanyRelation
from enrichment.domain.knowledge import Fact, Known, Reply, ReplyHead
from enrichment.domain.requests import Request, Stage
from enrichment.memory.reliability import with_current_reliability
from enrichment.memory.verdicts import judged
from enrichment.parsing import NamedCompany, ReaderEntry, companies_named, other_names, read, reader_of
from enrichment.rules import Rules


class StoredReplies(Protocol):
    """The part of the port Knowledge that reading replies needs."""

    def known(self, company_id: str, source: str | None = None, topic: str = "") -> Known: ...
    def reply(self, reply_id: str) -> Reply | None: ...
    def keep_facts(self, reply_id: str, facts: Sequence[Fact], *, reader_version: int | None = None) -> None: ...


class NamesOfCompanies(Protocol):
    """The part of the port Companies that a reply may add to."""

    def add_aliases(self, aliases: Sequence[Alias]) -> None: ...
    def add_relations(self, relations: Sequence[CompanyRelation]) -> None: ...


class ReadingStore(Protocol):
    """What of the store replies are read from, and kept in."""

    @property
    def knowledge(self) -> StoredReplies: ...

    @property
    def companies(self) -> NamesOfCompanies: ...


class ReadingContext(Protocol):
    """What replies are read with; a RunContext is one."""

    @property
    def store(self) -> ReadingStore: ...

    @property
    def readers(self) -> Mapping[str, ReaderEntry]: ...


class ReaderFailed(Exception):
    """A reader raised over a stored reply; the message states which one, why, and where in its file."""


async def recall(
    company: Company,
    request: Request,
    *,
    memory: bool,
    rules: Rules,
    context: ReadingContext,
    trace: Trace | None = None,
    topic: str | None = "",
) -> Known:
    """What is known. Without memory: only what this request itself has bought. trace: None for a dry run.

    topic: of the request, so that what was found on others does not count; None: whatever the topic.
    """
    remembered = await asyncio.to_thread(context.store.knowledge.known, company.company_id)
    known = remembered if topic is None else of_topic(remembered, topic)
    if not memory or request.strategy == "legacy":
        known = _bought_by(known, request)
    passed_over = frozenset(reply.reply_id for reply in remembered.replies if reply not in known.replies)
    for head in known.replies:
        if _outdated(head, rules, context.readers):
            # The request that bought a reply has noted already that it could not be read.
            warn = trace if head.request_id != request.request_id else None
            known = await read_stored(head, known, company, rules=rules, context=context, trace=warn, stage="plan")
    reliable = Known(known.replies, with_current_reliability(rules, known.facts), passed_over, remembered.verdicts)
    return judged(reliable)


def of_topic(known: Known, topic: str) -> Known:
    """What is known without replies on other topics than this one; replies without a topic always stay."""
    others = {reply.reply_id for reply in known.replies if reply.topic not in ("", topic)}
    if not others:
        return known
    replies = tuple(reply for reply in known.replies if reply.reply_id not in others)
    return replace(known, replies=replies, facts=tuple(fact for fact in known.facts if fact.reply_id not in others))


async def read_stored(
    head: ReplyHead,
    known: Known,
    company: Company,
    *,
    rules: Rules,
    context: ReadingContext,
    trace: Trace | None,
    stage: Stage,
) -> Known:
    """What is known, with this reply read by the reader of now; unchanged where the reader raises."""
    reply = await asyncio.to_thread(context.store.knowledge.reply, head.reply_id)
    if reply is None:
        return known
    made = await read_and_keep(reply, company, rules=rules, context=context, trace=trace, stage=stage)
    if made is None:
        return known
    version = reader_of(head.source, rules, context.readers).version
    heads = (replace(one, reader_version=version) if one == head else one for one in known.replies)
    others = (fact for fact in known.facts if fact.reply_id != head.reply_id)
    return replace(known, replies=tuple(heads), facts=(*others, *made.facts))


@dataclass(frozen=True, slots=True)
class ReadReply:
    """What a reader made of a reply. named: the companies that its records are of.

    aliases: of the company that was asked about. relations: its parents and subsidiaries.
    """

    facts: tuple[Fact, ...]
    named: tuple[NamedCompany, ...] = ()
    aliases: tuple[Alias, ...] = ()
    relations: tuple[CompanyRelation, ...] = ()


async def read_and_keep(
    reply: Reply, company: Company, *, rules: Rules, context: ReadingContext, trace: Trace | None, stage: Stage
) -> ReadReply | None:
    """Read a stored reply and store its facts with the reader's version. None: its reader raised, a warning is noted.

    Former names, brands and redirected domains that it states become aliases, parents and subsidiaries relations. A
    reply is read after it is stored and paid for, so neither a reader's mistake nor a killed process loses it.
    """
    try:
        made = read_reply(reply, company, rules, context.readers)
    except ReaderFailed as error:
        if trace is not None:
            trace.note(stage, "reply not read", source=reply.source, purchase=reply.purchase_id, warning=str(error))
        return None
    await asyncio.to_thread(keep_read, made, reply, reader_of(reply.source, rules, context.readers), context.store)
    if trace is not None:
        _note_other_company(trace, stage, reply, made.named)
    return made


def read_reply(reply: Reply, company: Company, rules: Rules, readers: Mapping[str, ReaderEntry]) -> ReadReply:
    """What a reader makes of a reply. Raises ReaderFailed, whatever the reader raised."""
    try:
        facts = tuple(read(reply, company, rules, readers=readers))
        named = tuple(companies_named(reply, company, rules, readers=readers))
        aliases, relations = other_names(reply, company, rules, readers=readers)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}, line {where.lineno}"
        what = str(error) or "an error without a message"
        raise ReaderFailed(f"the reader of {reply.source} cannot read this reply: {what} ({place})") from error
    return ReadReply(facts, named, tuple(aliases), tuple(relations))


def keep_read(made: ReadReply, reply: Reply, reader: ReaderEntry, store: ReadingStore) -> None:
    """Blocks. Raises StoreError."""
    store.knowledge.keep_facts(reply.reply_id, made.facts, reader_version=reader.version)
    if made.aliases:
        store.companies.add_aliases(made.aliases)
    if made.relations:
        store.companies.add_relations(made.relations)


def _note_other_company(trace: Trace, stage: Stage, reply: Reply, named: Sequence[NamedCompany]) -> None:
    """Notes in the trace where all that a reply's records are of is another company than the one asked about."""
    if not named or any(one.is_asked for one in named):
        return
    other = named[0]
    trace.note(
        stage,
        "names another company",
        source=reply.source,
        purchase=reply.purchase_id,
        name=other.name,
        website=other.domain or other.website,
    )


def _bought_by(known: Known, request: Request) -> Known:
    mine = tuple(reply for reply in known.replies if reply.request_id == request.request_id)
    ids = {reply.reply_id for reply in mine}
    return Known(mine, tuple(fact for fact in known.facts if fact.reply_id in ids))


def _outdated(head: ReplyHead, rules: Rules, readers: Mapping[str, ReaderEntry]) -> bool:
    """Whether a reader of now would make more of it than its facts show."""
    if head.source not in rules.sources or not head.found:
        return False
    entry = readers.get(rules.sources[head.source].reader or head.source)
    return entry is not None and head.reader_version < entry.version
