"""SerpApi, engines google and google_news: {'search': body, 'page_2'?: body}.

Result pages contain anything near the words: each block and row is checked for being about the company.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from enrichment.domain.companies import NameKind, RelationKind
from enrichment.domain.json_values import Json
from enrichment.domain.values import JobPosting, NewsItem
from enrichment.identity.domains import name_fits_domain, own_domain, registrable_domain
from enrichment.identity.legal_forms import is_form
from enrichment.identity.vendor_ids import vendor_id
from enrichment.parsing.dates import moment
from enrichment.parsing.firmographics import founding, seat, size_band
from enrichment.parsing.headcount import headcount, headcount_in
from enrichment.parsing.json_access import entries, member, text, texts, url
from enrichment.parsing.people import contact, profile_page
from enrichment.parsing.reader_types import (
    NamedCompany,
    OtherName,
    ParsedValue,
    ReaderEntry,
    ReaderInput,
    beside,
    is_front_door,
    named_company,
    text_value,
)
from enrichment.parsing.revenue import revenue
from enrichment.parsing.technologies import named_technologies

_FOUND = Iterator[ParsedValue]
SearchResult = dict[str, Json]
_SPEAKS_OF_A_STACK = re.compile(
    r"\b(?:tech(?:nology)? stack|technologies used|uses|built (?:with|on)|powered by|runs on)\b", re.I
)
_TAGLINE = re.compile(r"\s*(?:[|:–—]|\s-\s).*$")
_FRONT_PAGE = re.compile(r"https?://[^/]+/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?", re.IGNORECASE)
_PAGE_WORDS = re.compile(r"\b(?:official|web ?site|site|web|home ?page|home|welcome to|welcome)\b", re.IGNORECASE)
_DASHES = re.compile(r"\s+[-–—|·]\s+")
_SITE_NAME = re.compile(r"\s*[|·–-]\s*LinkedIn\s*$|\s*(?:\.\.\.|…)\s*$", re.IGNORECASE)
_AT = re.compile(r"\s+(?:at|@|bei|chez|en|presso)\s+", re.IGNORECASE)
_CLAUSES = re.compile(r"[;,\u00b7|]|\.(?=\s)")
_LEFT = re.compile(r"\b(?:former(?:ly)?|ex|previously|past|retired|ancien(?:ne)?|ehemalig\w*)\b", re.IGNORECASE)
_NO_INDUSTRY = re.compile(
    r"followers|employees|linkedin|headquarter|\d|\.\.\.|…|^(?:public|private)ly?\b", re.IGNORECASE
)
_PANEL_NAMES: Mapping[str, NameKind | RelationKind] = {
    "formerly": "former_name",
    "former_name": "former_name",
    "former_names": "former_name",
    "formerly_called": "former_name",
    "previously_called": "former_name",
    "also_called": "spelling",
    "also_known_as": "spelling",
    "trade_name": "brand",
    "brands": "brand",
    "parent_organization": "parent",
    "parent_organizations": "parent",
    "parent_company": "parent",
    "subsidiaries": "subsidiary",
}
_VAGUE_TYPES = frozenset({"company", "corporation", "organization", "business", "brand", "public company"})


def read_organic(reply: ReaderInput) -> _FOUND:
    """A result page for the company: its panel, its own site, stories, and what other sites state it uses."""
    body = reply.payload.get("search")
    yield from _panel(member(body, "knowledge_graph"), reply)
    yield from _own_site(body, reply)
    for block in ("top_stories", "news_results"):
        yield from _stories(member(body, block), f"search.{block}", reply, written_at(body, reply))
    for position, row in entries(member(body, "organic_results")):
        yield from _linkedin_page(row, f"search.organic_results[{position}]", reply)
        yield from _stack(row, f"search.organic_results[{position}]", reply)


def _panel(panel: Json, reply: ReaderInput) -> _FOUND:
    title = text(member(panel, "title"), 300)
    website = text(member(panel, "website"), 2_000)
    if not reply.is_(title, website):
        return
    path = "search.knowledge_graph"
    yield from text_value("company_name", title, f"{path}.title")
    yield from text_value("domain", own_domain(website or "", title), f"{path}.website")
    yield from text_value("company_description", text(member(panel, "description")), f"{path}.description")
    kind = text(member(panel, "type"), 300)
    if kind and kind.lower() not in _VAGUE_TYPES:
        yield from text_value("industry", re.sub(r"\s+company$", "", kind, flags=re.IGNORECASE), f"{path}.type")
    if count := headcount(member(panel, "number_of_employees")):
        yield ParsedValue("employee_count", count, 1.0, f"{path}.number_of_employees")
    yield from _panel_firmographics(panel, path, reply)


def _panel_firmographics(panel: Json, path: str, reply: ReaderInput) -> _FOUND:
    """The company's headquarters, founding, size and revenue."""
    yield from seat(f"{path}.headquarters", text(member(panel, "headquarters"), 300))
    yield from founding(member(panel, "founded"), reply.collected_at, f"{path}.founded")
    yield from size_band(member(panel, "number_of_employees"), f"{path}.number_of_employees")
    if stated := revenue(text(member(panel, "revenue"), 100)):
        yield ParsedValue("revenue", stated, 1.0, f"{path}.revenue")


def _own_site(body: Json, reply: ReaderInput) -> _FOUND:
    """The first result on the company's domain; where that is unknown, on the one that is the company's by its name.

    None where sites of several companies are. A namesake's may come first.
    """
    rows = _site_rows(body)
    if reply.domain:
        own = [one for one in rows if one.domain == reply.domain]
    else:
        rows = [one for one in rows if own_domain(one.link, reply.name)]
        sure = [one for one in rows if one.is_called(reply) and one.is_spelled(reply)]
        own = sure or [one for one in rows if one.may_be_own(reply)]
        if len({one.domain.partition(".")[0] for one in own}) > 1:
            return
    for one in own[:1]:
        path = f"search.organic_results[{one.position}]"
        name = one.site_name
        yield from text_value("company_name", name if reply.is_called(name) else None, f"{path}.title")
        yield from text_value("domain", one.domain, f"{path}.link")
        yield from text_value("company_description", text(one.row.get("snippet")), f"{path}.snippet")


@dataclass(frozen=True, slots=True)
class _SiteRow:
    """A result, and the domain it is on."""

    position: int
    row: SearchResult
    link: str
    domain: str

    @property
    def site_name(self) -> str:
        """What the site is called: the page's title may name another company that it is about."""
        return text(self.row.get("source"), 300) or _TAGLINE.sub("", text(self.row.get("title"), 300) or "")

    def is_called(self, reply: ReaderInput) -> bool:
        return reply.is_called(self.site_name)

    def is_spelled(self, reply: ReaderInput) -> bool:
        return reply.is_spelled_by(self.domain)

    def may_be_own(self, reply: ReaderInput) -> bool:
        """The front page of a site of this name, or a page on a domain that spells it and is not of a namesake."""
        if self.is_called(reply):
            return is_front_door(self.link) and _FRONT_PAGE.fullmatch(self.link) is not None
        return self.is_spelled(reply) and not reply.is_namesake(_PAGE_WORDS.sub(" ", self.site_name))


def _site_rows(body: Json) -> list[_SiteRow]:
    return [
        _SiteRow(position, row, link, domain)
        for position, row in entries(member(body, "organic_results"))
        if (link := url(row.get("link"))) and (domain := registrable_domain(link))
    ]


def _stack(row: SearchResult, path: str, reply: ReaderInput) -> _FOUND:
    """What the company uses, as another site lists it; its own site names what it sells or works with."""
    stated = f"{text(row.get('title'), 500) or ''} {text(row.get('snippet'), 2_000) or ''}"
    if reply.owns(url(row.get("link"))) or not _SPEAKS_OF_A_STACK.search(stated) or not reply.is_named_in(stated):
        return
    for technology in named_technologies(stated):
        yield ParsedValue("tech_stack", technology, 1.0, f"{path}.snippet")


def written_at(body: Json, reply: ReaderInput) -> datetime:
    """When the vendor wrote the page: what relative dates count from."""
    return moment(member(body, "search_metadata", "created_at"), reply.collected_at) or reply.collected_at


def read_news(reply: ReaderInput) -> _FOUND:
    """Every story that names the company; those of a cluster one by one, as it may contain a namesake's."""
    for step in ("search", "page_2"):
        body = reply.payload.get(step)
        yield from _stories(member(body, "news_results"), f"{step}.news_results", reply, written_at(body, reply))


def _stories(rows: Json, path: str, reply: ReaderInput, written: datetime) -> _FOUND:
    for position, row in entries(rows):
        for path_of_story, story in _flattened(row, f"{path}[{position}]"):
            stated = text(story.get("title"), 2_000), text(story.get("snippet"), 2_000)
            own = reply.owns(url(story.get("link"))) and reply.is_named_in(*stated)
            if own or reply.is_spoken_of_in(*stated):
                yield from _story(story, path_of_story, written)


def _flattened(row: SearchResult, path: str) -> Iterator[tuple[str, SearchResult]]:
    if row.get("link"):
        yield path, row
    if isinstance(highlight := row.get("highlight"), dict):
        yield f"{path}.highlight", highlight
    for position, story in entries(row.get("stories")):
        yield f"{path}.stories[{position}]", story


def _story(story: SearchResult, path: str, written: datetime) -> _FOUND:
    title = text(story.get("title"), 2_000)
    if not title:
        return
    source = story.get("source")
    item = NewsItem(
        title=title,
        url=url(story.get("link")),
        publisher=text(member(source, "name"), 300) or text(source, 300),
        published_at=moment(story.get("iso_date"), written) or moment(story.get("date"), written),
        summary=text(story.get("snippet"), 2_000),
    )
    yield ParsedValue("recent_news", item, 1.0 if item.url or item.published_at else 0.7, f"{path}.title")


def read_jobs(reply: ReaderInput) -> _FOUND:
    """Openings of the company itself, and the technologies that they name."""
    for step in ("search", "page_2"):
        body = reply.payload.get(step)
        for position, row in entries(member(body, "jobs_results")):
            if reply.is_called(text(row.get("company_name"), 300)):
                yield from _job(row, f"{step}.jobs_results[{position}]", written_at(body, reply))


def _job(row: SearchResult, path: str, written: datetime) -> _FOUND:
    stated = text(row.get("description"))
    if title := text(row.get("title"), 1_000) or text(row.get("job_title"), 1_000):
        links = [
            url(row.get("share_link")),
            *(url(option.get("link")) for _, option in entries(row.get("apply_options"))),
        ]
        posted = moment(member(row, "detected_extensions", "posted_at"), written)
        job = JobPosting(
            title=title,
            location=text(row.get("location"), 300),
            url=next((link for link in links if link), None),
            posted_on=posted.date() if posted else None,
            text=stated,
        )
        yield ParsedValue("hiring_trends", job, 1.0, f"{path}.title")
    highlights = [item for _, block in entries(row.get("job_highlights")) for item in texts(block.get("items"), 2_000)]
    for technology in named_technologies(" ".join([stated or "", *highlights])):
        yield ParsedValue("tech_stack", technology, 1.0, f"{path}.description")


def read_linkedin(reply: ReaderInput) -> _FOUND:
    """People who state that they work there, and the company's page."""
    for step in ("search", "page_2"):
        for position, row in entries(member(reply.payload, step, "organic_results")):
            yield from _linkedin_page(row, f"{step}.organic_results[{position}]", reply)
            if page := profile_page(row.get("link")):
                yield from _person(row, f"{step}.organic_results[{position}]", page, reply)


def _person(row: SearchResult, path: str, page: str, reply: ReaderInput) -> _FOUND:
    name, *stated = _DASHES.split(_SITE_NAME.sub("", text(row.get("title"), 500) or ""))
    headline = " - ".join(part for part in stated if part)
    snippet = text(row.get("snippet"), 2_000)
    if " " not in name or _LEFT.search(name) or not headline or not _works_there(stated, snippet, reply):
        return
    title = _AT.split(stated[0], maxsplit=1)[0].strip(" ,")
    own = bool(title) and not reply.is_called(title)
    yield from contact(f"{path}.title", name=name.split(",")[0].strip(), title=title if own else None, page=page)


def _works_there(stated: list[str], snippet: str | None, reply: ReaderInput) -> bool:
    """The headline has it as the employer, not as one that was left; one without any leaves it to the snippet."""
    headline = " - ".join(part for part in stated if part)
    if reply.is_named_in(headline):
        return _names_as_employer(stated, reply) and not _LEFT.search(headline) and not _says_left(snippet, reply)
    employer = len(_AT.split(headline, maxsplit=1)) > 1 or " - " in headline
    return not employer and reply.is_employer(snippet) and not _LEFT.search(f"{headline} {snippet}")


def _says_left(snippet: str | None, reply: ReaderInput) -> bool:
    """Whether each clause with the company's name says that the person left: 'Former CFO of Acme until 2023'."""
    naming = [clause for clause in _CLAUSES.split(snippet or "") if reply.is_named_in(clause)]
    return bool(naming) and all(_LEFT.search(clause) for clause in naming)


def _names_as_employer(stated: list[str], reply: ReaderInput) -> bool:
    """'CFO at Acme', 'CFO - Acme', 'Acme'; not 'Acme Developer at Initech' and 'Acme Administrator - Initech'."""
    first, *others = stated
    employers = [*(place for part in stated for place in _AT.split(part)[1:]), *others]
    return reply.is_called(first) or any(map(reply.is_employer, employers or [first]))


def _linkedin_page(row: SearchResult, path: str, reply: ReaderInput) -> _FOUND:
    """What a snippet of linkedin.com/company contains: 'Acme on LinkedIn | Software Development | 51-200 employees.'"""
    link, snippet = url(row.get("link")) or "", text(row.get("snippet"), 2_000) or ""
    name = _SITE_NAME.sub("", text(row.get("title"), 300) or "").split(":")[0]
    if registrable_domain(link) != "linkedin.com" or "/company/" not in link or not reply.is_called(name):
        return
    if count := headcount_in(snippet):
        yield ParsedValue("employee_count", count, 1.0, f"{path}.snippet")
    industry = re.search(r"\bIndustry\s*:?\s*([^.;|·]{3,80})", snippet)
    parts = [industry[1]] if industry else [part.strip(" .") for part in re.split(r"[|·]", snippet)[1:]]
    likely = [
        part for part in parts if 3 <= len(part) <= 60 and not _NO_INDUSTRY.search(part) and not reply.is_named_in(part)
    ]
    yield from text_value("industry", likely[0].strip() if likely else None, f"{path}.snippet")


def read_panel_name(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The company of the knowledge panel."""
    panel = member(reply.payload.get("search"), "knowledge_graph")
    entity_id = vendor_id("kg", text(member(panel, "kgmid"), 100) or "")
    yield from named_company(reply, text(member(panel, "title"), 300), text(member(panel, "website"), 2_000), entity_id)


def read_sites_that_come_up(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The company of the knowledge panel, and the front pages of sites whose name spells their domain."""
    body = reply.payload.get("search")
    panel = member(body, "knowledge_graph")
    title, website = text(member(panel, "title"), 300), text(member(panel, "website"), 2_000)
    if title and website:
        yield NamedCompany(title, website, reply.is_(title, website), about=text(member(panel, "description")))
    for one in _site_rows(body):
        name = _PAGE_WORDS.sub("", one.site_name).strip()
        if name and is_front_door(one.link) and _FRONT_PAGE.fullmatch(one.link) and name_fits_domain(name, one.domain):
            yield NamedCompany(name, one.link, reply.is_(name, one.link), about=text(one.row.get("snippet")))


def read_panel_names(reply: ReaderInput) -> Iterator[OtherName]:
    """What the knowledge panel calls the company besides, and who owns it or belongs to it; its labels are Google's."""
    panel = member(reply.payload.get("search"), "knowledge_graph")
    title = text(member(panel, "title"), 300)
    if not isinstance(panel, dict) or not reply.is_(title, text(panel.get("website"), 2_000)):
        return
    yield from beside(title)
    for label, kind in _PANEL_NAMES.items():
        linked = [name for _, link in entries(panel.get(f"{label}_links")) if (name := text(link.get("text"), 300))]
        for name in linked or _listed(panel.get(label)):
            yield OtherName(kind, name)


def _listed(stated: Json) -> list[str]:
    """'Alpha, Beta, MORE' -> Alpha, Beta; a legal form behind a comma belongs to its name."""
    names: list[str] = []
    for part in (text(stated, 2_000) or "").split(","):
        name = part.strip()
        if names and is_form(name):
            names[-1] = f"{names[-1]}, {name}"
        elif name and name.upper() != "MORE":
            names.append(name)
    return names


READERS: Mapping[str, ReaderEntry] = {
    "serp_organic": ReaderEntry(
        read_organic, version=8, named=read_panel_name, other_names=read_panel_names, come_up=read_sites_that_come_up
    ),
    "serp_news": ReaderEntry(read_news, version=4),
    "serp_jobs": ReaderEntry(read_jobs, version=4),
    "serp_linkedin": ReaderEntry(read_linkedin, version=6),
}
