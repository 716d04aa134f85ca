"""Read stored replies again that a newer reader, or none yet, has read: what they contain besides costs nothing.

    newest replies with an older reader -> facts of the reader of now

A request reads its own company's replies again in any case (recall); this is for all other companies.
"""

from collections.abc import Mapping

from enrichment.memory.recall import ReaderFailed, keep_read, read_reply
from enrichment.parsing import READERS, ReaderEntry
from enrichment.parsing.reply_facts import NoReader, reader_of
from enrichment.ports import Store
from enrichment.rules import Rules

AT_MOST = 20_000
"""Replies read again at a time: some seconds; the rest has its turn the next time."""
_PAGE = 200


def read_again(
    store: Store, rules: Rules, *, readers: Mapping[str, ReaderEntry] = READERS, at_most: int = AT_MOST
) -> int:
    """How many replies were read again. Blocks. A reader that raises leaves its reply as it is. Raises StoreError."""
    versions = dict(_versions(rules, readers))
    done, after = 0, ""
    while done < at_most:
        page = store.knowledge.read_by_older(versions, after=after, limit=min(_PAGE, at_most - done))
        for reply in page:
            after = reply.reply_id
            company = store.companies.by_id(reply.company_id)
            if company is None:
                continue
            try:
                made = read_reply(reply, company, rules, readers)
            except ReaderFailed:
                continue
            keep_read(made, reply, reader_of(reply.source, rules, readers), store)
            done += 1
        if not page:
            break
    return done


def _versions(rules: Rules, readers: Mapping[str, ReaderEntry]) -> list[tuple[str, int]]:
    found = []
    for source in rules.sources:
        try:
            found.append((source, reader_of(source, rules, readers).version))
        except NoReader:
            continue
    return found
