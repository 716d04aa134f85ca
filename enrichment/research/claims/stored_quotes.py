"""Whether a quote stands word for word in the reply that is stored, or was read from it in another form.

claims -> their replies, read once each -> the same claims; "read" where a line of a quote is in no text of its reply

'122,552 employees' is read from a number of a record, 'Cloudflare' from the address of a script: true, but no text
that a person finds there. What a seller said, or a reply that is gone, is as the passage has it.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape

from enrichment.domain.json_values import Json
from enrichment.ports import Knowledge
from enrichment.research.claims.claim import CheckedClaim, Citation, plain

_TAGS = re.compile(r"<[^<>]{1,2000}>")


async def compared_with_replies(claims: Sequence[CheckedClaim], knowledge: Knowledge) -> list[CheckedClaim]:
    """Raises StoreError."""
    texts: dict[str, str | None] = {}
    compared = []
    for claim in claims:
        citations = tuple([await _compared(one, knowledge, texts) for one in claim.citations])
        read = any(one.verdict == "read" for one in citations)
        compared.append(replace(claim, citations=citations, verdict="read" if read else claim.verdict))
    return compared


async def _compared(citation: Citation, knowledge: Knowledge, texts: dict[str, str | None]) -> Citation:
    return citation if await _stands(citation, knowledge, texts) else replace(citation, verdict="read")


async def _stands(citation: Citation, knowledge: Knowledge, texts: dict[str, str | None]) -> bool:
    reply_id = citation.passage.facts[0].reply_id
    if reply_id not in texts:
        reply = await asyncio.to_thread(knowledge.reply, reply_id)
        texts[reply_id] = None if reply is None else await asyncio.to_thread(text_of, reply.payload)
    text = texts[reply_id]
    return text is None or stands_in(citation.quote, text)


def stands_in(quote: str, text: str) -> bool:
    """Each line of it, but for white space, quotation marks, dashes and case. text: of `text_of`."""
    return all(_on_one_line(line) in text for line in quote.split("\n"))


def text_of(payload: Mapping[str, Json]) -> str:
    """All texts of a reply in a row, without the tags of a page."""
    return " ".join(_on_one_line(_TAGS.sub(" ", text)) for text in _texts(payload))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)


def _on_one_line(text: str) -> str:
    return " ".join(plain(unescape(text)).split())
