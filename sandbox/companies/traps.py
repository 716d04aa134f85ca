"""What real vendors show in a company's place, in a fixed share of cases, by chance that repeats; never on the tour.

traps_of(seed, source, company) -> frozenset({"namesake", ...});  namesake(seed, company) -> LookAlike
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.companies.catalogue import TOUR, CatalogueCompany, plain, read_data
from sandbox.seeded_random import choice, draw

Trap = Literal["platform_page", "namesake", "same_name", "subsidiary", "former_name", "first_hits"]

SHARES: Mapping[str, Mapping[Trap, float]] = {
    "google_knowledge_graph": {
        "platform_page": 0.07,
        "namesake": 0.10,
        "same_name": 0.05,
        "subsidiary": 0.07,
        "former_name": 0.05,
    },
    "serp_organic": {"platform_page": 0.07, "subsidiary": 0.05, "former_name": 0.05, "first_hits": 0.20},
}
"""Source -> trap -> share of the companies."""
_HIDE_THE_SITE: frozenset[Trap] = frozenset({"platform_page", "same_name", "former_name"})
_TRADES = ("Dental", "Bakery", "Foundation", "Freight", "Roofing", "Chess Club", "Vineyards", "Records")
_UNITS = ("Financial Services", "Insurance", "Ventures", "Logistics", "Canada", "Energy")
_PLATFORM_PAGES = (
    "https://www.facebook.com/{slug}",
    "https://www.linkedin.com/company/{slug}",
    "https://www.amazon.com/stores/{slug}",
    "https://x.com/{slug}",
    "https://en.wikipedia.org/wiki/{slug}",
    "https://{slug}.business.site/",
    "https://linktr.ee/{slug}",
    "https://play.google.com/store/apps/details?id=com.{slug}",
)
_FAMILIES = tuple(row["family"] for row in read_data("invented_names.csv"))
_NO_COMPANY = ("Place", "Person", "MusicGroup", "Book")


@dataclass(frozen=True)
class LookAlike:
    """Another organisation that comes up for a company's name. types: of schema.org. website: '' for none."""

    name: str
    website: str
    types: tuple[str, ...] = ("Organization", "Thing")


def traps_of(seed: int, source: str, company: CatalogueCompany) -> frozenset[Trap]:
    """The traps that this source has for this company."""
    if company.domain == TOUR:
        return frozenset()
    shares = SHARES.get(source, {})
    traps = {trap for trap, share in shares.items() if draw(seed, "trap", source, trap, company.domain) < share}
    return frozenset(traps - {"former_name"} if "same_name" in traps else traps)


def hides_the_site(seed: int, source: str, company: CatalogueCompany) -> bool:
    """Whether nothing but guessing tells the company's website from what this source shows."""
    return not _HIDE_THE_SITE.isdisjoint(traps_of(seed, source, company))


def platform_page(seed: int, source: str, company: CatalogueCompany) -> str:
    """An address on a site on which many companies have a page."""
    slug = plain(company.name).replace(" ", "")
    return choice(_PLATFORM_PAGES, seed, "platform", source, company.domain).format(slug=slug)


def namesake(seed: int, company: CatalogueCompany) -> LookAlike:
    """An organisation of another trade; its domain spells the company's name under another suffix."""
    first = company.name.split()[0] if draw(seed, "short namesake", company.domain) < 0.3 else company.name
    trade = choice(_TRADES, seed, "trade", company.domain)
    return LookAlike(f"{first} {trade}", f"https://www.{_label(company.name)}.{_other_suffix(company)}/")


def same_name(seed: int, company: CatalogueCompany) -> LookAlike:
    """An organisation of exactly this name, with a website of its own."""
    word = choice(_TRADES, seed, "same name", company.domain).split()[0].lower()
    return LookAlike(company.name, f"https://www.{_label(company.name)}-{word}.com/")


def no_company(seed: int, company: CatalogueCompany) -> LookAlike:
    """A place, a person, a band or a book of this name."""
    kind = choice(_NO_COMPANY, seed, "no company", company.domain)
    return LookAlike(
        company.name.split()[0], f"https://www.{_label(company.name)}-{kind.lower()}.org/", ("Thing", kind)
    )


def subsidiary(seed: int, source: str, company: CatalogueCompany) -> LookAlike:
    """A part of the company under a name of its own, on a page of the company's site or on a site of its own."""
    unit = choice(_UNITS, seed, "unit", source, company.domain)
    slug = unit.lower().replace(" ", "-")
    own_site = draw(seed, "unit's site", source, company.domain) < 0.5
    website = f"https://www.{_label(company.name)}{slug.replace('-', '')}.com/"
    return LookAlike(
        f"{company.name} {unit}",
        website if own_site else f"https://www.{company.domain}/{slug}",
        ("Organization", "Corporation", "Thing"),
    )


def former_name(seed: int, source: str, company: CatalogueCompany) -> str:
    """A name that the company gave up: one that the catalogue knows, else an invented one."""
    for alias in company.aliases:
        if plain(alias).split()[:1] != plain(company.name).split()[:1]:
            return alias.strip()
    return f"{choice(_FAMILIES, seed, 'former', source, company.domain)} & Sons"


def _label(name: str) -> str:
    return plain(name).replace(" ", "")


def _other_suffix(company: CatalogueCompany) -> str:
    """A domain suffix that the company itself does not have."""
    return "net" if company.domain.endswith(".org") else "org"
