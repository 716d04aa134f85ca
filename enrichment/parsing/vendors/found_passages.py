"""What others write of a company on one topic: results of a search, and pages that are worth reading.

    {'search': body}         -> titles with their snippets, stories with their dates
    {'page:https://...': html} -> passages that name the company, in their text or their heading

A search brings up anything near its words: what does not speak of the company is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from enrichment.domain.json_values import Json
from enrichment.domain.values import FoundPassage
from enrichment.identity.domains import registrable_domain
from enrichment.parsing.dates import moment
from enrichment.parsing.html import Page
from enrichment.parsing.json_access import entries, member, text, url
from enrichment.parsing.reader_types import ParsedValue, ReaderEntry, ReaderInput
from enrichment.parsing.vendors.serpapi import written_at
from enrichment.parsing.vendors.website_passages import sections_of

_FOUND = Iterator[ParsedValue]
_STEPS = ("search", "page_2")
_MOST_OF_A_PAGE = 40
_PAGE = "page:"


def read_results(reply: ReaderInput) -> _FOUND:
    """Passages of result pages: rows, questions that others ask, stories beside them."""
    for step in _STEPS:
        body = reply.payload.get(step)
        for block in ("organic_results", "related_questions", "top_stories", "news_results"):
            yield from _rows(member(body, block), f"{step}.{block}", reply, written_at(body, reply))


def _rows(rows: Json, path: str, reply: ReaderInput, written: datetime) -> _FOUND:
    for position, row in entries(rows):
        yield from _row(row, f"{path}[{position}]", reply, written)
        yield from _row(row.get("highlight"), f"{path}[{position}].highlight", reply, written)
        for number, story in entries(row.get("stories")):
            yield from _row(story, f"{path}[{position}].stories[{number}]", reply, written)


def _row(row: Json, path: str, reply: ReaderInput, written: datetime) -> _FOUND:
    if not isinstance(row, dict):
        return
    title = text(row.get("title"), 300) or text(row.get("question"), 300)
    said = text(row.get("snippet"), 2_000) or title
    link = url(row.get("link"))
    if said is None or link is None or not _is_of(reply, link, title, said):
        return
    named = row.get("source")
    publisher = text(named.get("name") if isinstance(named, dict) else named, 300)
    passage = FoundPassage(
        heading=title if title != said else None,
        text=said,
        url=link,
        publisher=publisher or registrable_domain(link),
        published_at=moment(row.get("iso_date"), written) or moment(row.get("date"), written),
    )
    yield ParsedValue("topic_results", passage, 1.0, f"{path}.{'snippet' if title != said else 'title'}")


def _is_of(reply: ReaderInput, link: str, *texts: str | None) -> bool:
    return reply.is_spoken_of_in(*texts) or (reply.owns(link) and reply.is_named_in(*texts))


def read_page(reply: ReaderInput) -> _FOUND:
    """Passages of a page of any site: it may speak of several companies, so each passage has to name this one."""
    for step, html in reply.payload.items():
        address = url(step.removeprefix(_PAGE))
        if not step.startswith(_PAGE) or address is None:
            continue
        page = Page.of(html)
        kept = (
            (number, heading, said)
            for number, (heading, said) in enumerate(sections_of(page))
            if reply.owns(address) or reply.is_spoken_of_in(said) or reply.is_spoken_of_in(_own_heading(heading, page))
        )
        for _, (number, heading, said) in zip(range(_MOST_OF_A_PAGE), kept, strict=False):
            publisher = registrable_domain(address)
            passage = FoundPassage(heading=heading, text=said, url=address, publisher=publisher)
            yield ParsedValue("page_passages", passage, 1.0, f"{step}#passage[{number}]")


def _own_heading(heading: str | None, page: Page) -> str | None:
    """None: it is the page's title, which is above passages on others as well."""
    return None if heading == page.title else heading


READERS: Mapping[str, ReaderEntry] = {
    "serp_topic": ReaderEntry(read_results, version=1),
    "serp_topic_news": ReaderEntry(read_results, version=1),
    "brightdata_page": ReaderEntry(read_page, version=2),
}
