"""What memory has of a company, as it is read and believed today.

store -> Known -> stored replies read again where a newer reader exists (free) -> reliability by the rules of now
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enrichment.context import RunContext
from enrichment.domain.records import Company, Fact, Known, ReplyHead, Request
from enrichment.parsing import ReaderEntry, read, reader_of
from enrichment.rules import Rules


async def recall(
    company: Company,
    request: Request,
    *,
    memory: bool,
    rules: Rules,
    context: RunContext,
) -> Known:
    """What is known. Without memory: only what this request itself has bought."""
    known = remembered = await asyncio.to_thread(context.store.knowledge.known, company.company_id)
    if not memory or request.strategy == "legacy":
        known = _bought_by(known, request)
    passed_over = frozenset(reply.reply_id for reply in remembered.replies if reply not in known.replies)
    for head in known.replies:
        if _outdated(head, rules, context.readers):
            known = await _read_again(head, known, company, rules, context)
    return Known(known.replies, believed(rules, known.facts), passed_over)


def believed(rules: Rules, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts with the reliability people give their sources now, instead of when they were read."""
    return tuple(_believed(rules, fact) for fact in facts)


def _believed(rules: Rules, fact: Fact) -> Fact:
    source = rules.sources.get(fact.source)
    if source is None or fact.dataset not in source.datasets or fact.reliability == 0:
        return fact
    reliability = source.datasets[fact.dataset].reliability
    if reliability == fact.reliability:
        return fact
    return replace(
        fact,
        reliability=reliability,
        quality=round(fact.quality / fact.reliability * reliability, 6),
        last_resort=reliability < rules.datasets[fact.dataset].quality_threshold,
    )


def _bought_by(known: Known, request: Request) -> Known:
    mine = tuple(reply for reply in known.replies if reply.request_id == request.request_id)
    ids = {reply.reply_id for reply in mine}
    return Known(mine, tuple(fact for fact in known.facts if fact.reply_id in ids))


def _outdated(head: ReplyHead, rules: Rules, readers: Mapping[str, ReaderEntry]) -> bool:
    if head.source not in rules.sources or not head.found:
        return False
    entry = readers.get(rules.sources[head.source].reader or head.source)
    return entry is not None and head.reader_version < entry.version


async def _read_again(
    head: ReplyHead,
    known: Known,
    company: Company,
    rules: Rules,
    context: RunContext,
) -> Known:
    reply = await asyncio.to_thread(context.store.knowledge.reply, head.reply_id)
    if reply is None:
        return known
    version = reader_of(head.source, rules, context.readers).version
    facts = read(reply, company, rules, readers=context.readers)
    await asyncio.to_thread(context.store.knowledge.keep_facts, head.reply_id, facts, reader_version=version)
    others = tuple(fact for fact in known.facts if fact.reply_id != head.reply_id)
    return Known(known.replies, (*others, *facts))
