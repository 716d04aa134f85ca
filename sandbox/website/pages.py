"""A company's website as the sandbox has it: home, about, what it sells, careers, news.

Website(context, company, filled).page("/about") -> HTML, or None where the site has no such page; technologies show
in the markup
"""

from collections.abc import Callable
from html import escape

from sandbox.calls.request import SandboxContext
from sandbox.companies.catalogue import CatalogueCompany, CatalogueTechnology
from sandbox.companies.descriptions import description
from sandbox.companies.news import articles
from sandbox.companies.postings import postings, technologies_named
from sandbox.companies.technologies import team_technologies, web_technologies
from sandbox.seeded_random import draw
from sandbox.website.site_pages import SitePages

SOURCE = "brightdata_web_scraping"
_FEWEST_SHOWN = 3
_ARTICLES = 6
_SHARE_WITHOUT_CAREERS = 0.15

Filled = Callable[[str], bool]


class Website:
    """`filled(dataset)` tells whether this site shows that dataset."""

    def __init__(self, context: SandboxContext, company: CatalogueCompany, filled: Filled) -> None:
        self.context = context
        self.company = company
        self.filled = filled
        self.pages = SitePages(context, company)

    def page(self, path: str) -> str | None:
        section = path.strip("/").split("/")[0].removesuffix(".html").lower()
        if section in ("", "index", "home"):
            return self._home()
        if section in ("about", "about-us", "company"):
            return self._about()
        if section in ("careers", "jobs"):
            return self._careers() if self.filled("hiring_trends") else self._careers_elsewhere()
        if section in ("news", "press", "newsroom", "blog"):
            return self._news() if self.filled("recent_news") else None
        return self._sells(section)

    def _sells(self, section: str) -> str | None:
        if section == "sitemap.xml":
            return self.pages.sitemap()
        told = {"products": self.pages.products, "pricing": self.pages.pricing, "customers": self.pages.customers}
        return self._html(section.capitalize(), told[section]()) if section in told else None

    def _home(self) -> str:
        links = [("About", "/about"), ("Careers", "/careers")]
        if self.pages.is_linked:
            links += [("Products", "/products"), ("Pricing", "/pricing"), ("Customers", "/customers")]
        links += [("News", "/news")] if self.filled("recent_news") else []
        menu = "".join(f'<li><a href="{address}">{text}</a></li>' for text, address in links)
        news = "".join(f"<li>{item}</li>" for item in self._headlines()[:3]) if self.filled("recent_news") else ""
        return self._html("Home", f"<nav><ul>{menu}</ul></nav><h1>{escape(self.company.name)}</h1><ul>{news}</ul>")

    def _about(self) -> str:
        text = escape(self._sentence()) if self.filled("company_description") else "This page is being rewritten."
        place = escape(self.company.place)
        return self._html("About", f"<h1>About {escape(self.company.name)}</h1><p>{text}</p><address>{place}</address>")

    def _careers(self) -> str:
        context = self.context
        known = team_technologies(context.catalogue, context.seed, self.company)
        named = technologies_named(context.seed, self.company, known, filled=self.filled("tech_stack"))
        rows = "".join(
            f'<li class="job"><h3><a href="/careers/{one.job_id[:8]}">{escape(one.title)}</a></h3>'
            f'<span class="location">{escape(one.location)}</span><time datetime="{one.posted}">{one.posted}</time>'
            f"<p>{escape(one.description)}</p></li>"
            for one in postings(context.seed, self.company, context.clock.today(), named)
        )
        return self._html("Careers", f'<h1>Open positions</h1><ul class="jobs">{rows}</ul>')

    def _careers_elsewhere(self) -> str | None:
        """Most sites without a list of their own point to a job board; some have no such page."""
        if draw(self.context.seed, "no careers page", self.company.domain) < _SHARE_WITHOUT_CAREERS:
            return None
        board = f"https://sandbox.example/boards/{self.company.slug}"
        return self._html(
            "Careers", f'<h1>Careers</h1><p>Our positions are on <a href="{board}">our job board</a>.</p>'
        )

    def _news(self) -> str:
        rows = "".join(f"<li>{item}</li>" for item in self._headlines())
        return self._html("News", f'<h1>News</h1><ul class="news">{rows}</ul>')

    def _headlines(self) -> list[str]:
        found = articles(self.context.seed, self.company, self.context.clock.today(), count=_ARTICLES)
        return [
            f'<article><time datetime="{one.published}">{one.published}</time>'
            f' <a href="{one.link}">{escape(one.title)}</a></article>'
            for one in found
        ]

    def _sentence(self) -> str:
        kind = self.context.catalogue.industries[self.company.industry].google
        return description(self.context.seed, SOURCE, self.company, kind=kind)

    def _technologies(self) -> list[CatalogueTechnology]:
        found = web_technologies(self.context.catalogue, self.context.seed, self.company)
        return found if self.filled("tech_stack") else found[:_FEWEST_SHOWN]

    def _html(self, title: str, body: str) -> str:
        meta = ""
        if self.filled("company_description"):
            meta = f'<meta name="description" content="{escape(self._sentence())}">'
        markup = [technology.markup for technology in self._technologies()]
        head = "".join(piece for piece in markup if not piece.startswith(("<div", "<app")))
        inside = "".join(piece for piece in markup if piece.startswith(("<div", "<app")))
        name = escape(self.company.name)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | {name}</title>{meta}'
            f'<meta property="og:site_name" content="{name}">{head}</head>'
            f"<body>{inside}<main>{body}</main><footer>{name} (sandbox page)</footer></body></html>"
        )
