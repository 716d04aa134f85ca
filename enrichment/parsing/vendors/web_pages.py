"""The company's own pages: {'page:/': html, 'page:/careers': html} -> description, technologies, news, openings.

Machine-readable data first, then what links look like: an opening or an article is a link with words and an address
that shows it.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import urljoin

from enrichment.domain.json_values import Json
from enrichment.domain.values import JobPosting, NewsItem
from enrichment.identity.domains import own_domain
from enrichment.parsing.dates import moment
from enrichment.parsing.firmographics import founding, seat
from enrichment.parsing.html import Link, Page
from enrichment.parsing.json_access import member, text, texts, url
from enrichment.parsing.reader_types import NamedCompany, OtherName, ParsedValue, ReaderEntry, ReaderInput, text_value
from enrichment.parsing.technologies import named_technologies, traced_technologies

_MOST_PAGES = 10
_JOB_LINK = re.compile(
    r"/(?:careers?|jobs?|job-openings?|positions?|openings?|vacanc(?:y|ies)|stellen(?:angebote)?|opportunities|o)/(?:[\w%.-]{3,}|\d)"
    r"|(?:boards\.greenhouse|job-boards\.greenhouse|jobs\.lever|jobs\.ashbyhq|apply\.workable|smartrecruiters|myworkdayjobs"
    r"|icims|teamtailor|recruitee|jobvite|bamboohr|personio)\.(?:io|co|com|de)/[\w%.-]+/[\w%.-]{3,}|gh_jid=\d",
    re.IGNORECASE,
)
_NEWS_LINK = re.compile(
    r"/(?:news|newsroom|press|press-?releases?|media|blog|stories|insights|announcements)/(?:[\w%.-]+/)*[\w%.-]*\w-?[\w%.-]{5,}",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"^(?:(?:view|see|show|browse|explore|search|find|all|more|read|learn|apply|back|next|previous|home|sign|log|our|open|skip|"
    r"subscribe|contact|download|watch|discover|meet|join|life|why|get)\b.*|careers?|jobs?|news(?:room)?|press|blog|benefits|"
    r"culture|students?|internships?|faqs?|locations?|departments?|teams?|privacy.*|cookie.*|here|our job board)$",
    re.IGNORECASE,
)
_CAREERS = re.compile(r"career|job|position|opening|vacan|stellen|join", re.IGNORECASE)
_FOUND = Iterator[ParsedValue]


def read_pages(reply: ReaderInput) -> _FOUND:
    """Values of every page that was fetched; none where they are another company's."""
    if is_of_another(reply):
        return
    pages = {
        step: Page.of(html) for step, html in list(reply.payload.items())[:_MOST_PAGES] if step.startswith("page:")
    }
    for step, page in pages.items():
        base = f"https://{reply.domain or 'website.invalid'}{step.removeprefix('page:')}"
        yield from _descriptions(step, page)
        yield from _technologies(step, page)
        yield from _machine_data(step, page, base, reply)
        yield from _links(step, page, base, reply)


def _descriptions(step: str, page: Page) -> _FOUND:
    """The front page's; another page describes itself."""
    if step not in ("page:/", "page:/about", "page:/about-us", "page:/company"):
        return
    for name in ("description", "og:description", "twitter:description"):
        stated = page.meta.get(name)
        completeness = 1.0 if stated and len(stated.split()) >= 4 else 0.5
        yield from text_value("company_description", stated, f"{step}#meta[{name}]", completeness)


def _technologies(step: str, page: Page) -> _FOUND:
    for technology in traced_technologies(page.lower, page.meta.get("generator")):
        yield ParsedValue("tech_stack", technology, 1.0, f"{step}#{technology.name}")
    if _CAREERS.search(step):
        for technology in named_technologies(page.words or ""):
            yield ParsedValue("tech_stack", technology, 1.0, f"{step}#{technology.name}")


def _machine_data(step: str, page: Page, base: str, reply: ReaderInput) -> _FOUND:
    for position, thing in page.machine_data:
        path = f"{step}#{position}"
        kinds = set(texts(thing.get("@type")))
        if "JobPosting" in kinds:
            yield from _posting(path, thing, base, reply)
        elif kinds & {"NewsArticle", "BlogPosting", "Article", "PressRelease"}:
            yield from _article(path, thing, base, reply)
        elif kinds & {"Organization", "Corporation"} and reply.is_(
            text(thing.get("name"), 300), text(thing.get("url"))
        ):
            yield from text_value("company_description", text(thing.get("description")), f"{path}.description")
            yield from _organisation(path, thing, reply)


def _organisation(path: str, thing: Mapping[str, Json], reply: ReaderInput) -> _FOUND:
    """What the company states of itself: when it was founded, and its address where it has only one."""
    yield from founding(thing.get("foundingDate"), reply.collected_at, f"{path}.foundingDate")
    address = thing.get("address")
    if isinstance(address, dict):
        country = address.get("addressCountry")
        yield from seat(
            f"{path}.address",
            city=address.get("addressLocality"),
            region=address.get("addressRegion"),
            country=member(country, "name") or country,
        )


def _posting(path: str, thing: Mapping[str, Json], base: str, reply: ReaderInput) -> _FOUND:
    title = text(unescape(text(thing.get("title"), 1_000) or ""), 1_000)
    if not title:
        return
    stated = text(re.sub(r"<[^<>]{0,2000}>", " ", unescape(text(thing.get("description")) or "")))
    posted = moment(text(thing.get("datePosted"), 60), reply.collected_at)
    place = thing.get("jobLocation")
    site = member(place[0] if isinstance(place, list) and place else place, "address")
    where = [text(member(site, key), 100) for key in ("addressLocality", "addressRegion", "addressCountry")]
    job = JobPosting(
        title=title,
        location=", ".join(part for part in where if part) or None,
        url=_absolute(base, address) if (address := text(thing.get("url"), 2_000)) else None,
        posted_on=posted.date() if posted else None,
        text=stated,
    )
    yield ParsedValue("hiring_trends", job, 1.0, path)
    for technology in named_technologies(stated or ""):
        yield ParsedValue("tech_stack", technology, 1.0, f"{path}.description")


def _article(path: str, thing: Mapping[str, Json], base: str, reply: ReaderInput) -> _FOUND:
    title = text(unescape(text(thing.get("headline"), 2_000) or text(thing.get("name"), 2_000) or ""), 2_000)
    address = text(thing.get("url"), 2_000)
    if not title or not address:
        return
    published = moment(text(thing.get("datePublished"), 60), reply.collected_at)
    item = NewsItem(
        title=title,
        url=_absolute(base, address),
        publisher=reply.name,
        published_at=published,
        summary=text(thing.get("description"), 2_000),
    )
    yield ParsedValue("recent_news", item, 1.0 if item.url or published else 0.7, path)


def _links(step: str, page: Page, base: str, reply: ReaderInput) -> _FOUND:
    for position, link in enumerate(page.links):
        path = f"{step}#a[{position}]"
        dated = moment(link.dated, reply.collected_at)
        if _is_opening(link, step):
            day = dated.date() if dated else None
            job = JobPosting(title=link.words, url=_absolute(base, link.href), posted_on=day, text=link.after)
            yield ParsedValue("hiring_trends", job, 1.0, path)
        elif _is_article(link):
            item = NewsItem(title=link.words, url=_absolute(base, link.href), published_at=dated)
            yield ParsedValue("recent_news", item, 1.0 if item.url or dated else 0.7, path)


def _is_opening(link: Link, step: str) -> bool:
    """Whether a link is a job opening: on a careers page or at a job board, with words that can be a title."""
    return (
        bool(_JOB_LINK.search(link.href))
        and bool(_CAREERS.search(step) or re.search(r"greenhouse|lever\.co|ashbyhq|workdayjobs", link.href))
        and 3 < len(link.words) <= 150
        and not _NO_TITLE.match(link.words)
    )


def _is_article(link: Link) -> bool:
    """A headline, not a menu: at least four words."""
    return bool(_NEWS_LINK.search(link.href)) and len(link.words.split()) >= 4 and not _NO_TITLE.match(link.words)


def _absolute(base: str, href: str) -> str | None:
    try:
        return url(urljoin(base, href))
    except ValueError:  # such as 'http://[oops'
        return None


def read_site_name(reply: ReaderInput) -> Iterator[NamedCompany]:
    """What the front page calls its site, and the organisations that it describes, each with an address of its own."""
    page = Page.of(reply.payload.get("page:/"))
    stated = [(page.meta.get("og:site_name"), page.meta.get("og:url"))]
    stated += [
        (text(thing.get("name"), 300), text(thing.get("url"), 2_000))
        for _, thing in page.machine_data
        if {"Organization", "Corporation"} & set(texts(thing.get("@type")))
    ]
    for name, address in stated:
        if name and address and own_domain(address, name):
            is_asked = reply.is_called(name) or reply.owns(address)
            yield NamedCompany(name, address, is_asked)


def is_of_another(reply: ReaderInput) -> bool:
    """Whether the domain leads to the site of a company with another name: it was sold, or is forwarded."""
    named = list(read_site_name(reply))
    return bool(named) and not any(one.is_asked for one in named)


def read_forwarding(reply: ReaderInput) -> Iterator[OtherName]:
    """The domain that the front page says it is at, where that is another one of the same name: it was forwarded.

    A site of another name was sold, or is a parent's: its domain is none of the company's.
    """
    page = Page.of(reply.payload.get("page:/"))
    for address in (page.canonical, page.meta.get("og:url")):
        domain = own_domain(address, reply.name) if address and url(address) else None
        if domain and domain != reply.domain:
            if reply.is_called(page.meta.get("og:site_name")) or reply.is_spelled_by(domain):
                yield OtherName("redirect", None, domain)
            return


READERS: Mapping[str, ReaderEntry] = {
    "brightdata_web_scraping": ReaderEntry(read_pages, version=8, named=read_site_name, other_names=read_forwarding),
}
