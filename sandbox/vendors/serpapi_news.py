"""SerpApi, engine google_news: plain rows, clusters with a highlight, clusters without, all in one list.

(request, company) -> {news_results, menu_links}, or None: nothing found
"""

from sandbox.calls.request import Json, VendorRequest
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.news import SOURCE as WIRE
from sandbox.companies.news import Article, articles, relative
from sandbox.companies.topics import topic_asked
from sandbox.seeded_random import choice, draw, shuffled, token, whole
from sandbox.vendors.serpapi_topics import topic_news

SOURCE = "serp_news"


def news_results(request: VendorRequest, company: CatalogueCompany | None) -> Json | None:
    if company is not None and (asked := topic_asked(request.text("q"), company)):
        return topic_news(request, company, asked)
    if company is None or not request.knows(SOURCE, company):
        return None
    seed = request.context.seed
    filled = request.has(SOURCE, "recent_news", company)
    number = whole(5, 10, seed, "news", company.domain) if filled else 1
    own = articles(seed, company, request.context.clock.today(), count=number)
    other = choice(request.context.catalogue.companies, seed, "other news", company.domain)
    strange = articles(seed, other, request.context.clock.today(), count=1)
    rows = _rows(request, company, own) + [_story(request, article) for article in strange if other != company]
    return {
        "news_results": [{"position": position, **row} for position, row in enumerate(rows, 1)],
        "menu_links": [{"title": "Business", "topic_token": token(40, "business")}],
    }


def _rows(request: VendorRequest, company: CatalogueCompany, own: list[Article]) -> list[Json]:
    """Groups of one to four articles: the majority of rows are clusters."""
    seed, rows = request.context.seed, []
    left = shuffled(own, seed, "order", company.domain)
    while left:
        size = choice((1, 2, 3, 3, 4), seed, "cluster", left[0].link)
        group, left = left[:size], left[size:]
        rows.append(_story(request, group[0]) if len(group) == 1 else _cluster(request, group))
    return rows


def _cluster(request: VendorRequest, group: list[Article]) -> Json:
    seed = request.context.seed
    story_token = token(48, seed, group[0].link)
    link = f"{request.base}/search.json?engine=google_news&story_token={story_token}"
    inside = [
        {"position": position, **_story(request, article, inside=True)} for position, article in enumerate(group, 1)
    ]
    if draw(seed, "highlight", group[0].link) < 0.25:
        return {"title": group[0].title, "stories": inside, "story_token": story_token, "serpapi_link": link}
    stories = [{**story, "position": position} for position, story in enumerate(inside[1:], 1)]
    return {
        "highlight": _story(request, group[0]),
        "stories": stories,
        "story_token": story_token,
        "serpapi_link": link,
    }


def _story(request: VendorRequest, article: Article, *, inside: bool = False) -> Json:
    """Dates in US order; some rows carry an ISO date too; inside clusters some are relative."""
    seed = request.context.seed
    written = article.published.strftime("%m/%d/%Y, 07:00 AM, +0000 UTC")
    if inside and draw(seed, "relative", article.link) < 0.3:
        written = relative(article.published, request.context.clock.today())
    row: Json = {
        "title": article.title,
        "source": {"name": WIRE, "icon": "https://sandbox.example/icon.png", "authors": ["Sandbox Desk"]},
        "link": article.link,
        "thumbnail": "https://sandbox.example/thumbnail.jpg",
        "thumbnail_small": "https://sandbox.example/thumbnail-small.jpg",
        "date": written,
    }
    if draw(seed, "iso", article.link) < 0.5:
        row["iso_date"] = f"{article.published}T07:00:00Z"
    return row
