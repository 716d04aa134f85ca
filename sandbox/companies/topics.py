"""What others write of a company on one topic: invented, marked so, and the same each time.

'"Acme" european expansion' -> topic 'european expansion' -> sentences, and the article that has them
'"Acme" warmest lead'       -> nothing: only what ends in a subject of topics.csv is written about
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from sandbox.companies.catalogue import Catalogue, CatalogueCompany, read_data
from sandbox.seeded_random import choice, shuffled, whole

HOST = "sandbox.example"
MARK = "(sandbox, invented)"
_QUOTED = re.compile(r'"[^"]*"')
_ARTICLE = re.compile(r"^/(?:articles|reviews)/([\w-]+)/([\w-]+)$")
_COMPARED = frozenset({"alternatives", "competitors", "vs", "reviews"})
_SENTENCES = (
    "{name} has set aside {amount} million USD for {topic} this year.",
    "The plan of {name} for {topic} begins in {city}, with a team of {people}.",
    "{name} looks for partners for {topic} and wants to decide by the end of the quarter.",
    "Analysts doubt that {name} can finish its {topic} without outside help.",
    "On {topic}, {name} says that old systems slow it down most.",
)


def topic_asked(query: str, company: CatalogueCompany) -> str | None:
    """The words beside a quoted name, where they are no more than the company's own result page asks for."""
    if not _QUOTED.search(query) or "site:linkedin.com" in query.lower():
        return None
    words = _QUOTED.sub(" ", query).lower().replace(company.domain, " ").split()
    return " ".join(word for word in words if word != "company") or None


def compares(topic: str) -> bool:
    return not _COMPARED.isdisjoint(topic.split())


def is_written_about(topic: str) -> bool:
    """Whether its last words, which the others only narrow down, are a subject of business."""
    words = _words(topic)
    return any(_ends_in(words, subject) for subject in _subjects())


def _ends_in(words: Sequence[str], subject: Sequence[str]) -> bool:
    return bool(words) and [*words[-len(subject) :]] == [*subject]


def _words(text: str) -> list[str]:
    return [_singular(word) for word in re.findall(r"[a-z0-9]+", text.lower())]


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


@cache
def _subjects() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_words(row["subject"])) for row in read_data("topics.csv"))


def sentences(seed: int, company: CatalogueCompany, topic: str) -> list[str]:
    """All that is written of it, in an order of its own."""
    return [
        pattern.format(
            name=company.name,
            topic=topic,
            city=company.city,
            amount=whole(2, 90, seed, "amount", company.domain, topic),
            people=whole(5, 60, seed, "people", company.domain, topic),
        )
        for pattern in shuffled(_SENTENCES, seed, "topic", company.domain, topic)
    ]


def rivals(seed: int, catalogue: Catalogue, company: CatalogueCompany) -> list[str]:
    """The names of up to four companies of its industry."""
    alike = [one for one in catalogue.companies if one.industry == company.industry and one.domain != company.domain]
    return [one.name for one in shuffled(alike, seed, "rivals", company.domain)[:4]]


def article_link(company: CatalogueCompany, topic: str) -> str:
    return f"https://{HOST}/articles/{company.slug}/{'-'.join(re.findall(r'[a-z0-9]+', topic.lower())) or 'news'}"


def review_link(company: CatalogueCompany) -> str:
    return f"https://{HOST}/reviews/{company.slug}/alternatives"


def article_page(seed: int, catalogue: Catalogue, path: str) -> str | None:
    """The page behind a result; None: there is none."""
    found = _ARTICLE.match(path)
    company = catalogue.by_slug(found[1]) if found else None
    if found is None or company is None:
        return None
    if path.startswith("/reviews/"):
        return _page(f"{company.name} alternatives", _review(seed, catalogue, company))
    topic = found[2].replace("-", " ")
    if not is_written_about(topic):
        return None
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(seed, company, topic))
    other = choice([one for one in catalogue.companies if one != company], seed, "beside", company.domain)
    aside = f"<h2>Elsewhere</h2><p>{escape(other.name)} has nothing to say on {escape(topic)} {MARK}.</p>"
    return _page(f"{company.name}: {topic}", f"<h2>What is planned</h2>{told}{aside}")


def _review(seed: int, catalogue: Catalogue, company: CatalogueCompany) -> str:
    name = escape(company.name)
    each = "".join(
        f"<h2>{escape(rival)}</h2><p>A buyer who left {name} for {escape(rival)} praises its support {MARK}.</p>"
        for rival in rivals(seed, catalogue, company)
    )
    return f"<p>Reviewers compare {name} with others of its trade {MARK}.</p>{each}"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} | Sandbox Review</title>'
        f"</head><body><main><h1>{escape(title)} {MARK}</h1>{body}</main></body></html>"
    )
