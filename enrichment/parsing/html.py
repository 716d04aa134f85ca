"""What a page's markup contains: tags of the head, links with the text of their row, data for machines.

    HTML -> bounded markup -> selectolax: meta, title, words, links
                           -> JSON-LD block by block; extruct: microdata

Pages may be hostile: markup, tags, links and data are each read up to a limit.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import jstyleson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from enrichment.domain.json_values import Json
from enrichment.parsing.json_access import MOST_ENTRIES, text

LONGEST_PAGE = 600_000  # characters
MOST_TAGS = 15_000  # opening and closing ones; 120,000 nested elements would take the parser 83 s, these take 0.4 s
_TAG = re.compile(r"<[/a-zA-Z]")
_WHOLE_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']++|"[^"]*+"|'[^']*+'|["'])*+>?""")
_QUOTED = re.compile(r"""\"[^\"]*+\"|'[^']*+'""")
_LONGEST_TAG = 20_000  # characters outside of quotes; one tag of 66,000 attributes would take the parser 20 s
_ROWS = frozenset({"li", "article", "tr", "section", "ul", "ol", "main", "nav", "h1", "h2"})
_UNSEEN = frozenset({"script", "style"})
_NO_CONTENT = ("script", "style", "noscript", "template", "nav", "footer", "form", "svg", "iframe")
_BOX_OF_WORDS = re.compile(
    r"<div\b[^>]*+>((?:[^<]++|</?(?:a|b|i|em|strong|span|small|br)\b[^>]*+>)*+)</div>", re.IGNORECASE
)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T\d:.Z+-]{0,30}")
_MACHINE_DATA = 'script[type*="application/ld+json" i]'
_LEADING_COMMENT = re.compile(r"^\s*(//.*|<!--.*-->)")
_DEEPEST = 8
_AFTER = 4_000  # characters of a row after its link


@dataclass(frozen=True)
class Link:
    """A link, and its row of a list: the date of the row, and the row's text after the link."""

    href: str
    words: str
    dated: str | None
    after: str | None


@dataclass
class _Row:
    texts: list[str] = field(default_factory=list)
    date: str | None = None


@dataclass
class _OpenLink:
    href: str
    row: _Row
    words: list[str] = field(default_factory=list)
    end: int = 0  # how many texts of the row come before its end


@dataclass(frozen=True)
class Page:
    """One page's HTML, cut at LONGEST_PAGE characters and MOST_TAGS tags. Its comments are read by nothing here."""

    markup: str

    @classmethod
    def of(cls, html: Json) -> "Page":
        return cls(_bounded(html[:LONGEST_PAGE]) if isinstance(html, str) else "")

    @cached_property
    def lower(self) -> str:
        """The page in lower case, without comments."""
        return _without_comments(self.markup).lower()

    @cached_property
    def canonical(self) -> str | None:
        """The address that the page says it is at."""
        for tag in self._tree.css('link[rel="canonical" i][href]'):
            return text(tag.attributes.get("href"), 2_000)
        return None

    @cached_property
    def meta(self) -> dict[str, str]:
        """Name or property of a meta tag, in lower case -> content; the first one counts."""
        found: dict[str, str] = {}
        for tag in self._tree.css("meta[content]"):
            name = tag.attributes.get("name") or tag.attributes.get("property")
            content = text(tag.attributes.get("content"))
            if name and content:
                found.setdefault(name.lower(), content)
        return found

    @property
    def title(self) -> str | None:
        found = self._tree.css_first("title")
        return text(found.text()) if found else None

    @property
    def content(self) -> str:
        """The mended markup without menus, footers, forms, scripts; in a main element, if the page has none."""
        tree = LexborHTMLParser(self.markup.encode("utf-8", "replace"))
        tree.strip_tags(list(_NO_CONTENT), recursive=True)
        whole = _BOX_OF_WORDS.sub(r"<p>\1</p>", tree.html or "")  # extractors take a bare box for layout
        if tree.css_first("main, article"):
            return whole
        return _BODY.sub(r"\g<0><main>", whole, count=1).replace("</body>", "</main></body>")

    @cached_property
    def words(self) -> str | None:
        """The text a reader sees."""
        return text(" ".join(self._read[0]), 100_000)

    @cached_property
    def links(self) -> list[Link]:
        """The first MOST_ENTRIES links that have words."""
        return list(islice(filter(None, map(_finished, self._read[1])), MOST_ENTRIES))

    @cached_property
    def machine_data(self) -> list[tuple[str, dict[str, Json]]]:
        """The objects of its JSON-LD and microdata, also those inside @graph and lists, each with its position."""
        blocks = [("ld+json", data) for data in self._json_ld()]
        blocks += [("microdata", data) for data in self._microdata()]
        numbers = dict.fromkeys(("ld+json", "microdata"), 0)
        found: list[tuple[str, dict[str, Json]]] = []
        for kind, data in blocks:
            found += [(f"{kind}[{numbers[kind]}]", thing) for thing in _things(data)]
            numbers[kind] += 1
        return found[:MOST_ENTRIES]

    @cached_property
    def _tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.markup.encode("utf-8", "replace"))

    @cached_property
    def _read(self) -> tuple[list[str], list[_OpenLink]]:
        """Visible texts and links, in one pass over the tree."""
        return _texts_and_links(self._tree.root)

    def _json_ld(self) -> Iterator[Json]:
        """A list of things per block; a block that is no JSON has none, and the next one is read all the same."""
        if "ld+json" not in self.lower:
            return
        for script in self._tree.css(_MACHINE_DATA)[:MOST_ENTRIES]:
            try:
                yield _things_in(script.text())
            except (ValueError, RecursionError):
                yield []

    def _microdata(self) -> Iterator[Json]:
        if not 0 < self.lower.count("itemscope") <= MOST_ENTRIES:
            return
        from extruct import MicrodataExtractor  # noqa: PLC0415  loads 27 MB of parsers, and few pages have such data
        from lxml.etree import LxmlError  # noqa: PLC0415  as above

        try:
            items = MicrodataExtractor().extract(self.markup.encode("utf-8", "replace"))
        except (ValueError, RecursionError, LxmlError):
            return
        yield from map(_as_json_ld, items)


def _things_in(block: str) -> list[Json]:
    """The things in one JSON-LD block, as extruct reads it: comments and commas too many do no harm.

    Raises ValueError.
    """
    try:
        data = json.loads(block, strict=False)
    except ValueError:
        data = jstyleson.loads(_LEADING_COMMENT.sub("", block), strict=False)
    things = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
    return [thing for thing in things if thing]


def _bounded(markup: str) -> str:
    shown = _WHOLE_TAG.sub(_unless_flood, markup)
    too_many = next(islice(_TAG.finditer(shown), MOST_TAGS, None), None)
    return shown[: too_many.start()] if too_many else shown


def _unless_flood(tag: re.Match[str]) -> str:
    """The tag, whatever is inside quotes; nothing for one with too much outside of them."""
    long = len(tag[0]) > _LONGEST_TAG and len(_QUOTED.sub("", tag[0])) > _LONGEST_TAG
    return "" if long else tag[0]


def _without_comments(markup: str) -> str:
    """The markup without comments; nothing is left after one that is never closed."""
    before, *rest = markup.split("<!--")
    return before + " ".join(part.partition("-->")[2] for part in rest if "-->" in part)


def _texts_and_links(root: LexborNode | None) -> tuple[list[str], list[_OpenLink]]:
    texts: list[str] = []
    links: list[_OpenLink] = []
    row, link = _Row(), None
    for node, entering in _steps(root):
        tag = node.tag
        if tag == "-text" and entering:
            words = node.text_content or ""
            texts.append(words)
            row.texts.append(words)
            if link:
                link.words.append(words)
        elif tag == "a":
            if link:
                link.end = len(link.row.texts)
                links.append(link)
            link = _OpenLink(node.attributes.get("href") or "", row) if entering else None
        elif tag in _ROWS:
            row = _Row()
        if entering and row.date is None and (date := _date(node)):
            row.date = date
    return texts, links


def _steps(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Every node in the order of the page, and True as it begins, False as it ends. What is not seen is left out."""
    steps = [(root, True)] if root else []
    while steps:
        node, entering = steps.pop()
        yield node, entering
        if entering:
            steps.append((node, False))
            steps += [(child, True) for child in reversed(_children(node))]


def _children(node: LexborNode) -> list[LexborNode]:
    children: list[LexborNode] = []
    child = None if node.tag in _UNSEEN else node.first_child
    while child is not None:
        children.append(child)
        child = child.next
    return children


def _date(node: LexborNode) -> str | None:
    found = _DATE.match(node.attributes.get("datetime") or "")
    return found[0] if found else None


def _finished(link: _OpenLink) -> Link | None:
    href, words = text(link.href, 2_000), text(" ".join(link.words), 300)
    if not href or not words:
        return None
    after = text(" ".join(link.row.texts[link.end :])[:_AFTER])
    return Link(href, words, link.row.date, after)


def _as_json_ld(item: Json) -> Json:
    """A microdata item in the form of JSON-LD: {'type': 'https://schema.org/Person', 'properties': ...}."""
    if isinstance(item, list):
        return [_as_json_ld(one) for one in item]
    if not isinstance(item, dict) or "properties" not in item:
        return item
    kinds = item.get("type") or []
    names = [str(kind).rpartition("/")[2] for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return {"@type": names, **{name: _as_json_ld(value) for name, value in item["properties"].items()}}


def _things(data: Json, depth: int = 0) -> list[dict[str, Json]]:
    if depth > _DEEPEST:
        return []
    if isinstance(data, list):
        return [thing for part in data[:MOST_ENTRIES] for thing in _things(part, depth + 1)]
    if isinstance(data, dict):
        inside = [data.get(key) for key in ("@graph", "itemListElement", "item", "mainEntity")]
        return [data, *(thing for part in inside for thing in _things(part, depth + 1))]
    return []
