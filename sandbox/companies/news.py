"""Invented news of the Sandbox Wire. An article keeps its date and address; new ones appear as days go by."""

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.companies.catalogue import CatalogueCompany
from sandbox.seeded_random import draw, shuffled, token, whole

SOURCE = "Sandbox Wire"

_EVENTS = (
    ("{name} opens a new office in {city} (sandbox, invented)", "expansion"),
    ("{name} announces a partnership with Acme Widgets (sandbox, invented)", "partnership"),
    ("{name} plans to hire {number} people this year (sandbox, invented)", "hiring"),
    ("{name} appoints a new Chief Operating Officer (sandbox, invented)", "executive appointment"),
    ("{name} reports quarterly results above expectations (sandbox, invented)", "earnings"),
    ("{name} raises prices of its main product line (sandbox, invented)", "pricing"),
    ("{name} to acquire Sandbox Robotics (sandbox, invented)", "m&a"),
    ("{name} moves its data platform to the cloud (sandbox, invented)", "technology"),
    ("{name} launches a sustainability programme (sandbox, invented)", "sustainability"),
    ("{name} wins a ${number} million contract against its rival Sandbox Dynamics (sandbox, invented)", "contract"),
)


@dataclass(frozen=True)
class Article:
    title: str
    link: str
    published: date
    event: str
    snippet: str


def articles(seed: int, company: CatalogueCompany, today: date, *, count: int) -> list[Article]:
    """The newest `count` articles published up to `today`, newest first; ten in a row are ten different events."""
    gap = whole(2, 9, seed, "news gap", company.domain)
    phase = whole(0, gap - 1, seed, "news phase", company.domain)
    newest = (today.toordinal() - phase) // gap
    return [
        _article(seed, company, number, date.fromordinal(number * gap + phase))
        for number in range(newest, newest - count, -1)
    ]


def relative(published: date, today: date) -> str:
    days = (today - published) // timedelta(days=1)
    return "5 hours ago" if days == 0 else f"{days} day{'s' if days > 1 else ''} ago"


def _article(seed: int, company: CatalogueCompany, number: int, published: date) -> Article:
    pattern, event = shuffled(_EVENTS, seed, "events", company.domain)[number % len(_EVENTS)]
    amount = 10 * whole(2, 90, seed, "amount", company.domain, number)
    title = pattern.format(name=company.name, city=company.city, number=amount)
    link = f"https://sandbox.example/news/{company.slug}/{token(8, seed, company.domain, number)}"
    desk = "business" if draw(seed, "desk", company.domain, number) < 0.5 else "technology"
    return Article(title, link, published, event, f"{SOURCE}, {desk} desk: {title}.")
