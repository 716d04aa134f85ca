"""SerpApi, engine google_news: plain rows, clusters with a highlight, clusters without, all in one list.

(call, company) -> {news_results, menu_links}, or None: nothing found
"""

from sandbox.catalogue import Company
from sandbox.news import SOURCE as WIRE
from sandbox.news import Article, articles, relative
from sandbox.request import Call, Json
from sandbox.seeded_random import choice, draw, shuffled, token, whole

SOURCE = "serp_news"


def news_results(call: Call, company: Company | None) -> Json | None:
    if company is None or not call.knows(SOURCE, company):
        return None
    seed = call.world.seed
    filled = call.has(SOURCE, "recent_news", company)
    number = whole(5, 10, seed, "news", company.domain) if filled else 1
    own = articles(seed, company, call.world.clock.today(), count=number)
    other = choice(call.world.catalogue.companies, seed, "other news", company.domain)
    strange = articles(seed, other, call.world.clock.today(), count=1)
    rows = _rows(call, company, own) + [_story(call, article) for article in strange if other != company]
    return {
        "news_results": [{"position": position, **row} for position, row in enumerate(rows, 1)],
        "menu_links": [{"title": "Business", "topic_token": token(40, "business")}],
    }


def _rows(call: Call, company: Company, own: list[Article]) -> list[Json]:
    """Groups of one to four articles: the majority of rows are clusters."""
    seed, rows = call.world.seed, []
    left = shuffled(own, seed, "order", company.domain)
    while left:
        size = choice((1, 2, 3, 3, 4), seed, "cluster", left[0].link)
        group, left = left[:size], left[size:]
        rows.append(_story(call, group[0]) if len(group) == 1 else _cluster(call, group))
    return rows


def _cluster(call: Call, group: list[Article]) -> Json:
    seed = call.world.seed
    story_token = token(48, seed, group[0].link)
    link = f"{call.base}/search.json?engine=google_news&story_token={story_token}"
    inside = [{"position": position, **_story(call, article, inside=True)} for position, article in enumerate(group, 1)]
    if draw(seed, "highlight", group[0].link) < 0.25:
        return {"title": group[0].title, "stories": inside, "story_token": story_token, "serpapi_link": link}
    stories = [{**story, "position": position} for position, story in enumerate(inside[1:], 1)]
    return {"highlight": _story(call, group[0]), "stories": stories, "story_token": story_token, "serpapi_link": link}


def _story(call: Call, article: Article, *, inside: bool = False) -> Json:
    """Dates in US order; some rows carry an ISO date too; inside clusters some are relative."""
    seed = call.world.seed
    written = article.published.strftime("%m/%d/%Y, 07:00 AM, +0000 UTC")
    if inside and draw(seed, "relative", article.link) < 0.3:
        written = relative(article.published, call.world.clock.today())
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
