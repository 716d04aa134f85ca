"""SerpApi, a company's name beside other words: pages on a topic, stories on it, pages that compare it with others.

(request, company, topic) -> {organic_results, related_questions} | {news_results}, or None: nothing found
On what nobody writes about, only what a search brings up besides is found.
"""

from sandbox.calls.request import Json, VendorRequest
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.topics import (
    HOST,
    MARK,
    article_link,
    compares,
    is_written_about,
    review_link,
    rivals,
    sentences,
)
from sandbox.seeded_random import choice, whole

_REVIEWERS = "site:g2.com"


def topic_results(request: VendorRequest, company: CatalogueCompany, topic: str) -> Json | None:
    if compares(topic):
        return _compared(request, company, "serp_reviews" if _REVIEWERS in topic else "serp_alternatives")
    if not request.knows("serp_topic", company):
        return None
    said = sentences(request.context.seed, company, topic)
    rows = [_other(request, company, topic)]
    if is_written_about(topic) and request.has("serp_topic", "topic_results", company):
        title = f"{company.name} and {topic}: what is planned {MARK}"
        rows = [
            _row(title, article_link(company, topic), said[0], "Sandbox Trade Review"),
            _row(f"{topic.capitalize()} | {company.name}", f"https://www.{company.domain}/news", said[1], company.name),
            *rows,
            _row(f"Analysts on {company.name}", f"https://{HOST}/analysts/{company.slug}", said[2], "Sandbox Analysts"),
        ]
    return {"organic_results": [{"position": at, **row} for at, row in enumerate(rows, 1)]}


def topic_news(request: VendorRequest, company: CatalogueCompany, topic: str) -> Json | None:
    if not request.knows("serp_topic_news", company):
        return None
    today, rows = request.context.clock.today(), [_other(request, company, topic)]
    if is_written_about(topic) and request.has("serp_topic_news", "topic_results", company):
        rows += [
            {
                "title": f"{sentence.removesuffix('.')} {MARK}",
                "source": {"name": "Sandbox Wire"},
                "link": f"{article_link(company, topic)}?story={at}",
                "date": f"{today:%m/%d/%Y}, 07:00 AM, +0000 UTC",
            }
            for at, sentence in enumerate(sentences(request.context.seed, company, topic)[2:4])
        ]
    return {"news_results": [{"position": at, **row} for at, row in enumerate(rows, 1)]}


def _compared(request: VendorRequest, company: CatalogueCompany, source: str) -> Json | None:
    """Pages that name its rivals; one is about another company's."""
    if not request.knows(source, company):
        return None
    found = rivals(request.context.seed, request.context.catalogue, company)
    rows = [_other(request, company, "alternatives")]
    if found and request.has(source, "competitor_mentions", company):
        title = f"Top {len(found)} {company.name} Alternatives & Competitors | Sandbox Review"
        said = f"Alternatives to {company.name} include {', '.join(found)} {MARK}."
        rows.insert(0, _row(title, review_link(company), said, "Sandbox Review"))
        versus = f"{company.name} vs {found[0]}: which one fits?"
        rows.append(
            _row(versus, f"https://{HOST}/compare/{company.slug}", f"Two of a trade {MARK}.", "Sandbox Compare")
        )
    return {"organic_results": [{"position": at, **row} for at, row in enumerate(rows, 1)]}


def _other(request: VendorRequest, company: CatalogueCompany, topic: str) -> Json:
    """What a search brings up too: the same of another company."""
    seed = request.context.seed
    other = choice(
        [one for one in request.context.catalogue.companies if one != company], seed, "other", company.domain
    )
    number = whole(2, 9, seed, "other", company.domain)
    said = f"{other.name} names {number} reasons {MARK}."
    return _row(f"{other.name}: {topic}", f"https://{HOST}/others/{other.slug}", said, "Sandbox Gazette")


def _row(title: str, link: str, said: str, source: str) -> Json:
    return {"title": title, "link": link, "snippet": said, "source": source}
