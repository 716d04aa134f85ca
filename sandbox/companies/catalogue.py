"""The 500 companies the sandbox's vendors can know, found by name, by domain, or in a search text.

by_name("Tesla, Inc.")   by_domain("https://www.tesla.com/about")   in_text('"Tesla" company')
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
LEGAL_FORMS = frozenset(
    {"inc", "incorporated", "corp", "corporation", "co", "company", "companies", "ltd", "limited", "llc", "plc", "lp"}
    | {"nv", "sa", "ag", "holdings", "holding", "group", "the", "de", "new"}
)
TOUR = "tesla.com"
"""The company of the guided tour: its story is fixed, whatever the seed."""
_DOMAIN = re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b")
_OPERATOR = re.compile(r"-?\b(?:site|inurl|intitle):\S+", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]+)"')
_SEARCH_WORDS = frozenset(
    {"about", "and", "at", "careers", "company", "employees", "headquarters", "hiring", "in", "industry", "job", "jobs"}
    | {
        "latest",
        "linkedin",
        "news",
        "of",
        "on",
        "or",
        "revenue",
        "size",
        "stack",
        "tech",
        "technology",
        "today",
        "website",
    }
)


@dataclass(frozen=True)
class CatalogueCompany:
    """Facts of a real company. `founded` and `ticker` may be empty."""

    name: str
    domain: str
    industry: str
    employees: int
    city: str
    state: str
    country: str
    ticker: str
    founded: str
    aliases: tuple[str, ...]

    @property
    def slug(self) -> str:
        return plain(self.name).replace(" ", "-")

    @property
    def place(self) -> str:
        return f"{self.city}, {self.state}" if self.state else f"{self.city}, {self.country}"


@dataclass(frozen=True)
class IndustryNames:
    """One industry in the words of the four vendors that name it."""

    google: str
    linkedin: str
    snov: str
    crunchbase: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueTechnology:
    """`seen_in`: web (its `markup` is in the pages) or team (named in job postings)."""

    name: str
    also: str
    category: str
    seen_in: str
    markup: str


@lru_cache(maxsize=4_096)
def plain(name: str) -> str:
    """A name without accents, punctuation, case and legal form: 'The Kraft Heinz Co.' -> 'kraft heinz'."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", ascii_name.replace("&", " and ").replace("'", "")).split()
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def host(address: str) -> str:
    """'https://www.Tesla.com/about' -> 'tesla.com'."""
    bare = re.sub(r"^[a-z]+://", "", address.strip().lower())
    return re.split(r"[/?#:]", bare, maxsplit=1)[0].removeprefix("www.").rstrip(".")


class Catalogue:
    """Read once; every look-up gives a CatalogueCompany or None.

    companies: at least so many; those beyond the 500 are copies of them with a number in name and domain.
    """

    def __init__(self, companies: int = 0) -> None:
        listed = _listed_companies()
        self.companies = [*listed, *_copies(listed, companies - len(listed))]
        self.industries = {row["industry"]: _industry(row) for row in read_data("industries.csv")}
        self.technologies = [CatalogueTechnology(**row) for row in read_data("technologies.csv")]
        self.observed = _observed_technologies()
        self._domains = {company.domain: company for company in self.companies}
        self._names: dict[str, CatalogueCompany] = {}
        for company in self.companies:
            self._names.setdefault(plain(company.name), company)
        for company in self.companies:
            for alias in company.aliases:
                self._names.setdefault(plain(alias), company)
        self._slugs = {company.slug: company for company in self.companies}

    def by_name(self, name: str) -> CatalogueCompany | None:
        return self._names.get(plain(name)) if name.strip() else None

    def by_domain(self, address: str) -> CatalogueCompany | None:
        """Subdomains belong to their company: careers.tesla.com is Tesla's."""
        labels = host(address).split(".")
        for start in range(len(labels) - 1):
            if company := self._domains.get(".".join(labels[start:])):
                return company
        return None

    def by_slug(self, slug: str) -> CatalogueCompany | None:
        return self._slugs.get(slug.removeprefix("sandbox-"))

    def by_any(self, text: str) -> CatalogueCompany | None:
        """A value that may be a domain, an address, a LinkedIn page or a name."""
        if "linkedin.com/company/" in text.lower():
            return self.by_slug(text.lower().split("linkedin.com/company/", 1)[1].strip("/").split("?")[0])
        return self.by_domain(text) or self.by_name(text) or self.by_slug(text)

    def by_beginning(self, words: str) -> CatalogueCompany | None:
        """The one company whose name begins with these words: 'Host Hotels'."""
        begins = f"{plain(words)} "
        found = [company for name, company in self._names.items() if name.startswith(begins)] if words.strip() else []
        return found[0] if len({company.domain for company in found}) == 1 else None

    def in_text(self, query: str) -> CatalogueCompany | None:
        """The company a search text is about: a quoted name, else a domain, else a name among search words."""
        text = _OPERATOR.sub(" ", query)
        quoted = _QUOTED.findall(text)
        for phrase in quoted:
            if company := self.by_any(phrase):
                return company
        domains = _DOMAIN.findall(text.lower())
        for domain in domains:
            if company := self.by_domain(domain) or self.by_name(domain):
                return company
        return None if quoted or domains else self._named(text.split())

    def _named(self, words: list[str]) -> CatalogueCompany | None:
        """The longest name with only search words beside it: 'Tesla jobs' is about Tesla, 'Tesla pizza' not."""
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                rest = words[:start] + words[start + length :]
                if all(word.lower() in _SEARCH_WORDS for word in rest) and (
                    company := self.by_name(" ".join(words[start : start + length]))
                ):
                    return company
        return None


def read_data(name: str) -> list[dict[str, str]]:
    """A table of sandbox/data as rows of text."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _listed_companies() -> tuple[CatalogueCompany, ...]:
    """Read once in a process: each sandbox has a catalogue of its own, and tests have many sandboxes."""
    return tuple(_company(row) for row in read_data("companies.csv"))


@cache
def _observed_technologies() -> Mapping[str, tuple[CatalogueTechnology, ...]]:
    observed: dict[str, tuple[CatalogueTechnology, ...]] = {}
    for row in read_data("observed_technologies.csv"):
        seen = CatalogueTechnology(row["technology"], row["technology"], row["category"], "web", "")
        observed[row["domain"]] = (*observed.get(row["domain"], ()), seen)
    return observed


def _copies(listed: Sequence[CatalogueCompany], number: int) -> Iterator[CatalogueCompany]:
    """Tesla, Inc. (tesla.com) -> Tesla, Inc. 2 (tesla-2.com), ..."""
    for position in range(number):
        company, copy = listed[position % len(listed)], position // len(listed) + 2
        stem, _, rest = company.domain.partition(".")
        yield replace(company, name=f"{company.name} {copy}", domain=f"{stem}-{copy}.{rest}", aliases=())


def _company(row: dict[str, str]) -> CatalogueCompany:
    aliases = tuple(alias for alias in row["aliases"].split("|") if alias)
    return CatalogueCompany(
        row["name"],
        row["domain"],
        row["industry"],
        int(row["employees"]),
        row["city"],
        row["state"],
        row["country"],
        row["ticker"],
        row["founded"],
        aliases,
    )


def _industry(row: dict[str, str]) -> IndustryNames:
    return IndustryNames(row["google"], row["linkedin"], row["snov"], tuple(row["crunchbase"].split("|")))
