"""The types of a reader: ReaderInput -> ParsedValue, ParsedValue, ...        ReaderInput -> NamedCompany, ...

A reader decides what a vendor's body contains about the company asked for, and which companies its records are of; it
never raises over the shape of the body.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.companies import NameKind, RelationKind
from enrichment.domain.json_values import Json
from enrichment.domain.values import Text, Value
from enrichment.identity.countries import country_code
from enrichment.identity.domains import name_fits_domain, own_domain, registrable_domain, same_company
from enrichment.identity.names import is_named_in, name_words
from enrichment.identity.other_names import named_beside
from enrichment.parsing.mentions import names_employer, speaks_of


@dataclass(frozen=True, slots=True)
class ParsedValue:
    """One value found at `evidence` in a payload. completeness, 0..1: the share of its content that is there."""

    dataset: str
    value: Value
    completeness: float
    evidence: str


@dataclass(frozen=True, slots=True)
class ReaderInput:
    """The payload of a reply and the company asked for. collected_at: UTC, for dates such as '3 days ago'."""

    payload: Mapping[str, Json]
    name: str | None
    domain: str | None
    collected_at: datetime

    @property
    def _shown_name(self) -> str:
        return self.name or (self.domain or "").partition(".")[0].capitalize()

    def is_called(self, name: str | None) -> bool:
        """Whether this is the company's name; where the name is unknown, whether it fits the domain."""
        if not name:
            return False
        if self.name and same_company(self.name, name):
            return True
        return bool(self.domain) and name_fits_domain(name, self.domain or "")

    def is_namesake(self, name: str) -> bool:
        """Whether another company's name begins as the company's does: 'Acme Dental', where Acme is asked for."""
        begin, own = name_words(name)[:1], name_words(self.name or "")[:1]
        return bool(begin) and begin == own and not self.is_called(name)

    def is_spelled_by(self, domain: str) -> bool:
        """Whether a domain spells the company's name."""
        return bool(self.name) and name_fits_domain(self.name or "", domain)

    def is_named_in(self, *texts: str | None) -> bool:
        """Whether one of these texts names the company; the label of its domain is used where the name is unknown."""
        name = self._shown_name
        return bool(name) and any(is_named_in(name, text) for text in texts if text)

    def is_employer(self, place: str | None) -> bool:
        """Whether a place of work names the company, and none of a longer name."""
        return bool(place and self._shown_name) and names_employer(self._shown_name, place or "")

    def is_spoken_of_in(self, *texts: str | None) -> bool:
        """Whether one of these texts is of the company, and not of what else its name may mean."""
        name = self._shown_name
        return bool(name) and any(speaks_of(name, text, self.domain) for text in texts if text)

    def owns(self, url: str | None) -> bool:
        """Whether this address is on the company's domain."""
        return bool(url and self.domain) and registrable_domain(url or "") == self.domain

    def is_(self, name: str | None, website: str | None) -> bool:
        """Whether a record with this name and website is about the company.

        A record with another site is about a namesake, unless both sites spell the same name; a page below the
        company's domain with another name is a subsidiary or a product.
        """
        site = own_domain(website, name) if website else None
        if not site or not self.domain:
            return self.is_called(name)
        if site == self.domain:
            return not name or self.is_called(name) or is_front_door(website or "")
        return self.is_called(name) and site.partition(".")[0] == self.domain.partition(".")[0]


@dataclass(frozen=True, slots=True)
class NamedCompany:
    """The company that a record of a reply is of, as the record states it. website: an address, as it is written.

    ids: as identity.vendor_ids gives them. country: as identity.countries. is_asked: it is the company asked for.
    about: what it is, in the record's own words.
    """

    name: str | None
    website: str | None
    is_asked: bool
    ids: frozenset[str] = frozenset()
    country: str | None = None
    about: str | None = None

    @property
    def domain(self) -> str | None:
        return own_domain(self.website, self.name) if self.website else None


def named_company(
    reply: ReaderInput, name: str | None, website: str | None, *ids: str | None, country: str | None = None
) -> Iterator[NamedCompany]:
    """The company of a record, if it states a name or a website. ids: None for what is none."""
    if name or website:
        known = frozenset(one for one in ids if one)
        yield NamedCompany(name, website, reply.is_(name, website), known, country_code(country or "") or None)


def no_company(_: ReaderInput) -> Iterator[NamedCompany]:
    """No company: for a reply whose records are not about companies: news, postings."""
    return iter(())


def is_front_door(website: str) -> bool:
    """'https://www.airbus.com/' is one, 'https://us.airbus.com' is not."""
    host = website.rpartition("://")[2].partition("/")[0].lower().removeprefix("www.")
    return bool(host) and host == registrable_domain(host)


@dataclass(frozen=True, slots=True)
class OtherName:
    """What a reply states beside the name of the company it is about.

    parent, subsidiary: the name, and domain if it is stated, of another company. redirect: the domain its own leads to.
    """

    kind: NameKind | RelationKind | Literal["redirect"]
    name: str | None
    domain: str | None = None


Reader = Callable[[ReaderInput], Iterator[ParsedValue]]
NamesReader = Callable[[ReaderInput], Iterator[NamedCompany]]
OtherNamesReader = Callable[[ReaderInput], Iterator[OtherName]]


def no_other_names(_: ReaderInput) -> Iterator[OtherName]:
    """No other name: for a reply that states none: news, postings."""
    return iter(())


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """version: raised when the reader reads differently, so that stored replies are read again.

    named: which companies a reply's records are of.
    other_names: what a reply states of the company besides: former names, brands, parents, subsidiaries.
    come_up: the companies that come up for a name, with what they are, for a person to choose from.
    """

    read: Reader
    version: int = 1
    named: NamesReader = no_company
    other_names: OtherNamesReader = no_other_names
    come_up: NamesReader = no_company


def beside(name: str | None) -> Iterator[OtherName]:
    """What is written beside the name in its own text: 'Acme (formerly Beta)'."""
    for kind, other, _ in named_beside(name or ""):
        yield OtherName(kind, other)


def text_value(dataset: str, text: str | None, evidence: str, completeness: float = 1.0) -> Iterator[ParsedValue]:
    """A value of type Text, if there is a text."""
    if text:
        yield ParsedValue(dataset, Text(text=text), completeness, evidence)
