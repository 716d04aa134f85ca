"""What a page's markup holds: tags of the head, links with their words, data for machines.

Patterns over bounded text, each linear: the standard parser takes half a minute for a page of unclosed comments.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape

from enrichment.domain.records import Json
from enrichment.parsing.json_access import MOST_ENTRIES, text

LONGEST_PAGE = 600_000
_META = re.compile(r"<meta\s([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:.-]{1,40})\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]{1,2000}))")
_LINK = re.compile(r"<a\s([^<>]{1,4000})>((?:[^<]|<(?!/a\b|a\s)){1,3000})</a", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,4000}>")
_MACHINE_DATA = re.compile(r"<script\s[^<>]{0,500}application/ld\+json[^<>]{0,500}>", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,1000})", re.IGNORECASE)
_ROW_ENDS = re.compile(r"</?(?:li|article|tr|section|ul|ol|main|nav|h1|h2)\b", re.IGNORECASE)
_DATED = re.compile(r"datetime\s{0,9}=\s{0,9}[\"']?(\d{4}-\d\d-\d\d[T\d:.Z+-]{0,30})")
_DEEPEST = 8
_AROUND = 4_000


@dataclass(frozen=True)
class Link:
    """A link, and its row of a list: when that is dated and what it says after the link."""

    href: str
    words: str
    dated: str | None
    after: str | None


@dataclass(frozen=True)
class Page:
    """One page's HTML, cut at LONGEST_PAGE characters."""

    markup: str

    @classmethod
    def of(cls, html: Json) -> "Page":
        return cls(_without(html[:LONGEST_PAGE], "<!--", "-->") if isinstance(html, str) else "")

    @cached_property
    def lower(self) -> str:
        return self.markup.lower()

    @cached_property
    def meta(self) -> dict[str, str]:
        """Name or property of a meta tag, in lower case -> content; the first one counts."""
        found: dict[str, str] = {}
        for tag in _META.finditer(self.markup):
            attributes = _attributes(tag[1])
            name = attributes.get("name") or attributes.get("property")
            content = text(unescape(attributes.get("content", "")))
            if name and content:
                found.setdefault(name.lower(), content)
        return found

    @property
    def title(self) -> str | None:
        found = _TITLE.search(self.markup)
        return text(unescape(found[1])) if found else None

    @property
    def words(self) -> str | None:
        """What a reader sees."""
        body = _without(_without(self.markup, "<script", "</script"), "<style", "</style")
        return text(unescape(_TAG.sub(" ", body)), 100_000)

    @cached_property
    def links(self) -> list[Link]:
        """The first MOST_ENTRIES links that have words."""
        found = []
        for tag in _LINK.finditer(self.markup):
            href = text(unescape(_attributes(tag[1]).get("href", "")), 2_000)
            words = text(unescape(_TAG.sub(" ", tag[2])), 300)
            if href and words:
                found.append(self._link(href, words, tag.start(), tag.end()))
            if len(found) == MOST_ENTRIES:
                break
        return found

    def _link(self, href: str, words: str, start: int, end: int) -> Link:
        before = _ROW_ENDS.split(self.markup[max(0, start - 500) : start])[-1]
        after = _ROW_ENDS.split(self.markup[end : end + _AROUND], maxsplit=1)[0].partition(">")[2]
        dated = _DATED.search(before) or _DATED.search(after)
        return Link(href, words, dated[1] if dated else None, text(unescape(_TAG.sub(" ", after))))

    @cached_property
    def machine_data(self) -> list[tuple[int, dict[str, Json]]]:
        """The objects of its JSON-LD, those inside @graph and lists too, with the number of their script."""
        found: list[tuple[int, dict[str, Json]]] = []
        for place, tag in enumerate(_MACHINE_DATA.finditer(self.markup)):
            end = self.lower.find("</script", tag.end())
            if end < 0 or place == MOST_ENTRIES:
                break
            found += [(place, thing) for thing in _things(_loaded(self.markup[tag.end() : end]))]
        return found[:MOST_ENTRIES]


def _without(markup: str, opening: str, closing: str) -> str:
    """Without what stands between; all that follows goes where it is never closed."""
    before, *rest = re.split(opening, markup, flags=re.IGNORECASE)
    return before + " ".join(
        re.split(closing, part, maxsplit=1, flags=re.IGNORECASE)[-1] for part in rest if closing in part.lower()
    )


def _attributes(tag: str) -> dict[str, str]:
    return {found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag)}


def _loaded(script: str) -> Json:
    try:
        return json.loads(script)
    except (ValueError, RecursionError):  # a page may hold anything
        return None


def _things(data: Json, depth: int = 0) -> list[dict[str, Json]]:
    if depth > _DEEPEST:
        return []
    if isinstance(data, list):
        return [thing for part in data[:MOST_ENTRIES] for thing in _things(part, depth + 1)]
    if isinstance(data, dict):
        inside = [data.get(key) for key in ("@graph", "itemListElement", "item", "mainEntity")]
        return [data, *(thing for part in inside for thing in _things(part, depth + 1))]
    return []
