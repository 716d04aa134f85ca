"""What a company says of itself: {'page:/pricing': html, ...} -> passages, each with its page and heading.

The text of a page is found by trafilatura, without menus, banners and footers; passages end with their section.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from enrichment.domain.values import WebsitePassage
from enrichment.parsing.html import Page
from enrichment.parsing.reader_types import ParsedValue, ReaderEntry, ReaderInput
from enrichment.parsing.vendors.web_pages import is_of_another, read_forwarding, read_site_name

if TYPE_CHECKING:
    from configparser import ConfigParser

_MOST_PAGES = 20
_MOST_OF_A_PAGE = 120  # evidence is ranked before it is cut, and what does not fit is said: a reader drops none of it
_LONGEST = 1_000  # characters of a passage
_SHORTEST = 30
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_MARKS = re.compile(r"\*\*|__|`+|(?<=^- )#+ |^\|[-| ]+\|$")


def read_passages(reply: ReaderInput) -> Iterator[ParsedValue]:
    """The passages of every page that was fetched, each once; none where the site is another company's."""
    if is_of_another(reply):
        return
    steps = [step for step in reply.payload if step.startswith("page:") and not step.endswith(".xml")]
    seen: set[str] = set()
    for step in steps[:_MOST_PAGES]:
        for number, (heading, text) in enumerate(sections_of(Page.of(reply.payload[step]))):
            if text not in seen:
                seen.add(text)
                passage = WebsitePassage(page=step.removeprefix("page:")[:300], heading=heading, text=text)
                yield ParsedValue("website_passages", passage, 1.0, f"{step}#passage[{number}]")


def sections_of(page: Page) -> list[tuple[str | None, str]]:
    """(heading, text) in the order of the page; the page's title where there is no heading."""
    found: list[tuple[str | None, str]] = []
    heading, lines = page.title, list[str]()
    for line in _main_text(page).split("\n"):
        named = _HEADING.match(line)
        if named or sum(map(len, lines)) + len(line) > _LONGEST:
            found.append((heading, "\n".join(lines)))
            lines = []
        if named:
            heading = named[1]
        elif line:
            lines.append(line[:_LONGEST])
    found.append((heading, "\n".join(lines)))
    long_enough = [(heading and heading[:300], text) for heading, text in found if len(text) >= _SHORTEST]
    return long_enough[:_MOST_OF_A_PAGE]


def _main_text(page: Page) -> str:
    from trafilatura import extract  # noqa: PLC0415  takes half a second to import, and most replies are no pages

    content = page.content
    if not content.strip():
        return ""
    found = extract(content, output_format="markdown", include_comments=False, favor_recall=True, config=_settings())
    return "\n".join(" ".join(_MARKS.sub("", line).split()) for line in (found or "").split("\n"))


@cache
def _settings() -> "ConfigParser":
    """Short pages count as well; else their headings would be lost."""
    from trafilatura.settings import use_config  # noqa: PLC0415  see _main_text

    settings = use_config()
    for name in ("MIN_EXTRACTED_SIZE", "MIN_OUTPUT_SIZE"):
        settings.set("DEFAULT", name, "1")
    return settings


READERS: Mapping[str, ReaderEntry] = {
    "brightdata_website": ReaderEntry(read_passages, version=2, named=read_site_name, other_names=read_forwarding),
}
