"""What a company runs on: what was observed on its site, and a plausible rest chosen at random from the list."""

from sandbox.companies.catalogue import TOUR, Catalogue, CatalogueCompany, CatalogueTechnology
from sandbox.seeded_random import draw, shuffled, whole

# On the guided tour the pages carry what any fingerprint list recognises.
WEB_ON_TOUR = (
    "Google Analytics",
    "Google Tag Manager",
    "Segment",
    "HubSpot",
    "Intercom",
    "Stripe",
    "jQuery",
    "Next.js",
    "OneTrust",
    "Sentry",
)


def web_technologies(catalogue: Catalogue, seed: int, company: CatalogueCompany) -> list[CatalogueTechnology]:
    """What the pages show: six to eleven random ones and whatever was observed."""
    known = [technology for technology in catalogue.technologies if technology.seen_in == "web"]
    if company.domain == TOUR:
        return [technology for technology in known if technology.name in WEB_ON_TOUR]
    chosen = shuffled(known, seed, "web", company.domain)[: whole(6, 11, seed, "web number", company.domain)]
    return [*_one_generator(chosen), *catalogue.observed.get(company.domain, ())]


def team_technologies(catalogue: Catalogue, seed: int, company: CatalogueCompany) -> list[CatalogueTechnology]:
    """What the teams work with: six to twelve."""
    known = [technology for technology in catalogue.technologies if technology.seen_in == "team"]
    return shuffled(known, seed, "team", company.domain)[: whole(6, 12, seed, "team number", company.domain)]


def sold_technologies(catalogue: Catalogue, seed: int, company: CatalogueCompany) -> list[str]:
    """What a technographics vendor lists: most of it, some under another name."""
    everything = team_technologies(catalogue, seed, company) + web_technologies(catalogue, seed, company)
    listed = [item for item in everything if draw(seed, "listed", company.domain, item.name) < 0.85]
    return [item.also if draw(seed, "also", company.domain, item.name) < 0.2 else item.name for item in listed]


def _one_generator(chosen: list[CatalogueTechnology]) -> list[CatalogueTechnology]:
    """A page has one content management system."""
    systems = [item for item in chosen if item.category == "Content management"]
    return [item for item in chosen if item not in systems[1:]]
