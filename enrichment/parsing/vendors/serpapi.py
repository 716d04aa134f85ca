"""SerpApi, engines google and google_news: {'search': body, 'page_2'?: body}.

Result pages contain anything near the words: each block and row is checked for being about the company.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from enrichment.domain.records import Json
from enrichment.domain.values import JobPosting, NewsItem
from enrichment.identity.domains import is_platform, own_domain, registrable_domain
from enrichment.parsing.dates import moment
from enrichment.parsing.firmographics import founding, seat, size_band
from enrichment.parsing.headcount import headcount
from enrichment.parsing.json_access import entries, member, text, texts, url
from enrichment.parsing.people import contact, profile_page
from enrichment.parsing.reader import ParsedValue, ReaderEntry, ReaderInput, text_value
from enrichment.parsing.revenue import revenue
from enrichment.parsing.technologies import named_technologies

_FOUND = Iterator[ParsedValue]
SearchResult = dict[str, Json]
_SPEAKS_OF_A_STACK = re.compile(
    r"\b(?:tech(?:nology)? stack|technologies used|uses|built (?:with|on)|powered by|runs on)\b", re.I
)
_TAGLINE = re.compile(r"\s*(?:[|:–—]|\s-\s).*$")
_DASHES = re.compile(r"\s+[-–—|·]\s+")
_SITE_NAME = re.compile(r"\s*[|·–-]\s*LinkedIn\s*$|\s*(?:\.\.\.|…)\s*$", re.IGNORECASE)
_AT = re.compile(r"\s+(?:at|@|bei|chez|en|presso)\s+", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:former(?:ly)?|ex|previously|past|retired|ancien(?:ne)?|ehemalig\w*)\b", re.IGNORECASE)
_STAFF_BAND = re.compile(
    r"(?:\d{1,3}(?:,\d{3})*\s*(?:-|–)\s*\d{1,3}(?:,\d{3})*|\d{1,3}(?:,\d{3})*\+)\s+employees", re.IGNORECASE
)
_NO_INDUSTRY = re.compile(
    r"followers|employees|linkedin|headquarter|\d|\.\.\.|…|^(?:public|private)ly?\b", re.IGNORECASE
)
_VAGUE_TYPES = frozenset({"company", "corporation", "organization", "business", "brand", "public company"})


def read_organic(reply: ReaderInput) -> _FOUND:
    """A result page for the company: its panel, its own site, stories, and what other sites state it uses."""
    body = reply.payload.get("search")
    yield from _panel(member(body, "knowledge_graph"), reply)
    yield from _own_site(body, reply)
    for block in ("top_stories", "news_results"):
        yield from _stories(member(body, block), f"search.{block}", reply, _written(body, reply))
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
    """Its headquarters, founding, size and revenue."""
    yield from seat(f"{path}.headquarters", text(member(panel, "headquarters"), 300))
    yield from founding(member(panel, "founded"), reply.collected_at, f"{path}.founded")
    yield from size_band(member(panel, "number_of_employees"), f"{path}.number_of_employees")
    if stated := revenue(text(member(panel, "revenue"), 100)):
        yield ParsedValue("revenue", stated, 1.0, f"{path}.revenue")


def _own_site(body: Json, reply: ReaderInput) -> _FOUND:
    """The first result on the company's domain; where that is unknown, on one that its name spells."""
    for position, row in entries(member(body, "organic_results")):
        link = url(row.get("link"))
        domain = registrable_domain(link or "")
        if not link or not domain or not _is_own_site(row, link, domain, reply):
            continue
        path = f"search.organic_results[{position}]"
        name = text(row.get("source"), 300) or _TAGLINE.sub("", text(row.get("title"), 300) or "")
        yield from text_value("company_name", name if reply.is_called(name) else None, f"{path}.title")
        yield from text_value("domain", domain, f"{path}.link")
        yield from text_value("company_description", text(row.get("snippet")), f"{path}.snippet")
        return


def _is_own_site(row: SearchResult, link: str, domain: str, reply: ReaderInput) -> bool:
    if reply.domain:
        return reply.owns(link)
    front = re.fullmatch(r"https?://[^/]+/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?", link, re.IGNORECASE)
    called = reply.is_called(text(row.get("source"), 300)) or reply.is_called(
        _TAGLINE.sub("", text(row.get("title"), 300) or "")
    )
    return not is_platform(domain) and (reply.is_spelled_by(domain) or (bool(front) and called))


def _stack(row: SearchResult, path: str, reply: ReaderInput) -> _FOUND:
    """What the company uses, as another site lists it; its own site names what it sells or works with."""
    stated = f"{text(row.get('title'), 500) or ''} {text(row.get('snippet'), 2_000) or ''}"
    if reply.owns(url(row.get("link"))) or not _SPEAKS_OF_A_STACK.search(stated) or not reply.is_named_in(stated):
        return
    for technology in named_technologies(stated):
        if not reply.is_called(technology.name):
            yield ParsedValue("tech_stack", technology, 1.0, f"{path}.snippet")


def _written(body: Json, reply: ReaderInput) -> datetime:
    """When the vendor wrote the page: what relative dates count from."""
    return moment(member(body, "search_metadata", "created_at"), reply.collected_at) or reply.collected_at


def read_news(reply: ReaderInput) -> _FOUND:
    """Every story, inside clusters too, that speaks of the company; a cluster tells one story."""
    for step in ("search", "page_2"):
        body = reply.payload.get(step)
        yield from _stories(member(body, "news_results"), f"{step}.news_results", reply, _written(body, reply))


def _stories(rows: Json, path: str, reply: ReaderInput, written: datetime) -> _FOUND:
    for position, row in entries(rows):
        stories = list(_flattened(row, f"{path}[{position}]"))
        if reply.is_named_in(*(text(story.get(key), 2_000) for _, story in stories for key in ("title", "snippet"))):
            for path_of_story, story in stories:
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
                yield from _job(row, f"{step}.jobs_results[{position}]", _written(body, reply))


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
    if " " not in name or not headline or not _works_there(headline, text(row.get("snippet"), 2_000), reply):
        return
    title = _AT.split(stated[0], maxsplit=1)[0].strip(" ,")
    own = bool(title) and not reply.is_called(title)
    yield from contact(f"{path}.title", name=name.split(",")[0].strip(), title=title if own else None, page=page)


def _works_there(headline: str, snippet: str | None, reply: ReaderInput) -> bool:
    """The headline names the company, not as one that was left; one without an employer leaves it to the snippet."""
    if reply.is_named_in(headline):
        return not _LEFT.search(headline)
    employer = len(_AT.split(headline, maxsplit=1)) > 1 or " - " in headline
    return not employer and reply.is_named_in(snippet) and not _LEFT.search(f"{headline} {snippet}")


def _linkedin_page(row: SearchResult, path: str, reply: ReaderInput) -> _FOUND:
    """What a snippet of linkedin.com/company contains: 'Acme on LinkedIn | Software Development | 51-200 employees.'"""
    link, snippet = url(row.get("link")) or "", text(row.get("snippet"), 2_000) or ""
    name = _SITE_NAME.sub("", text(row.get("title"), 300) or "").split(":")[0]
    if registrable_domain(link) != "linkedin.com" or "/company/" not in link or not reply.is_called(name):
        return
    if band := _STAFF_BAND.search(snippet):
        yield from _headcount(band[0], f"{path}.snippet")
    industry = re.search(r"\bIndustry\s*:?\s*([^.;|·]{3,80})", snippet)
    parts = [industry[1]] if industry else [part.strip(" .") for part in re.split(r"[|·]", snippet)[1:]]
    likely = [
        part for part in parts if 3 <= len(part) <= 60 and not _NO_INDUSTRY.search(part) and not reply.is_named_in(part)
    ]
    yield from text_value("industry", likely[0].strip() if likely else None, f"{path}.snippet")


def _headcount(stated: str, evidence: str) -> _FOUND:
    if count := headcount(stated):
        yield ParsedValue("employee_count", count, 1.0, evidence)


READERS: Mapping[str, ReaderEntry] = {
    "serp_organic": ReaderEntry(read_organic, version=2),
    "serp_news": ReaderEntry(read_news),
    "serp_jobs": ReaderEntry(read_jobs),
    "serp_linkedin": ReaderEntry(read_linkedin),
}
