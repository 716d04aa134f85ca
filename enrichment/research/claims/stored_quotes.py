"""Whether a quote stands word for word in the reply that is stored, or was read from it in another form.

claims -> their replies, read once each -> the same claims; "read" where a line of a quote is in no text of its reply,
and what of the reply a technology or number was read from

'122,552 employees' is read from a number of a record, 'Cloudflare' from the address of a script: true, but no text
that a person finds there. What a seller said, or a reply that is gone, is as the passage has it.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from enrichment.domain.json_values import Json
from enrichment.parsing.json_access import texts_in
from enrichment.ports import Knowledge
from enrichment.research.claims.claim import BULLETS, CheckedClaim, Citation, plain
from enrichment.research.claims.read_from import address_of, read_from

_TAGS = re.compile(r"<[^<>]{1,2000}>")


async def compared_with_replies(claims: Sequence[CheckedClaim], knowledge: Knowledge) -> list[CheckedClaim]:
    """Raises StoreError."""
    replies: dict[str, _Stored | None] = {}
    compared = []
    for claim in claims:
        citations = tuple([_compared(one, await _reply(one, knowledge, replies)) for one in claim.citations])
        read = any(one.verdict == "read" for one in citations)
        compared.append(replace(claim, citations=citations, verdict="read" if read else claim.verdict))
    return compared


@dataclass(frozen=True, slots=True)
class _Stored:
    """A reply. text: all its texts in a row."""

    payload: Mapping[str, Json]
    text: str


async def _reply(citation: Citation, knowledge: Knowledge, replies: dict[str, _Stored | None]) -> _Stored | None:
    reply_id = citation.passage.facts[0].reply_id
    if reply_id not in replies:
        reply = await asyncio.to_thread(knowledge.reply, reply_id)
        text = "" if reply is None else await asyncio.to_thread(text_of, reply.payload)
        replies[reply_id] = None if reply is None else _Stored(reply.payload, text)
    return replies[reply_id]


def _compared(citation: Citation, reply: _Stored | None) -> Citation:
    if reply is None:
        return citation
    fact = citation.passage.facts[0]
    verdict = citation.verdict if stands_in(citation.quote, reply.text) else "read"
    around = read_from(fact.value, reply.payload, fact.evidence)
    around = None if around is None or plain(around) == plain(citation.quote) else around
    return replace(citation, verdict=verdict, read_from=around, url=address_of(reply.payload, fact.evidence))


def stands_in(quote: str, text: str) -> bool:
    """Whether each line of the quote is in the text, but for white space, quotation marks, dashes and case.

    text: of `text_of`.
    """
    return all(_on_one_line(line.lstrip(BULLETS)) in text for line in quote.split("\n"))


def text_of(payload: Mapping[str, Json]) -> str:
    """All texts of a reply in a row, without the tags of a page."""
    return " ".join(_on_one_line(_TAGS.sub(" ", text)) for text in texts_in(payload))


def _on_one_line(text: str) -> str:
    return " ".join(plain(unescape(text)).split())
