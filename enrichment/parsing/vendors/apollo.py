"""Apollo: {'search': body, 'people': body} -> contacts who work at the company now.

The search hides family names; only matched people are contacts. Where a match has no organisation, the search tells it.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from enrichment.domain.json_values import Json
from enrichment.domain.values import EmailStatus
from enrichment.identity.domains import own_domain
from enrichment.identity.vendor_ids import page_id
from enrichment.parsing.firmographics import founding, seat, size_band, yearly_revenue_usd
from enrichment.parsing.json_access import elements, entries, member, text
from enrichment.parsing.people import contact, email_address, full_name, profile_page
from enrichment.parsing.reader_types import (
    NamedCompany,
    OtherName,
    ParsedValue,
    ReaderEntry,
    ReaderInput,
    named_company,
)

_STATUS: dict[str | None, EmailStatus] = {
    "verified": "valid",
    "likely to engage": "valid",
    "unverified": "unverified",
    "extrapolated": "unverified",
    "guessed": "unverified",
    "bounced": "not_valid",
    "update required": "not_valid",
}


def read_people(reply: ReaderInput) -> Iterator[ParsedValue]:
    """The matched people: of a bulk match, of a single one, or of a list of single ones."""
    employers = _employers(member(reply.payload, "search", "people"))
    for path, person in _people(reply.payload.get("people")):
        if _works_there(person, employers, reply):
            yield from _contact(path, person)
            yield from _organisation(path, member(person, "organization"), reply)


def _organisation(path: str, organisation: Json, reply: ReaderInput) -> Iterator[ParsedValue]:
    """What a match repeats about the employer; of one without it, nothing. Amounts are US dollars."""
    where = f"{path}.organization"
    city, region, country = (member(organisation, key) for key in ("city", "state", "country"))
    yield from seat(f"{where}.city", city=city, region=region, country=country)
    yield from founding(member(organisation, "founded_year"), reply.collected_at, f"{where}.founded_year")
    yield from size_band(member(organisation, "estimated_num_employees"), f"{where}.estimated_num_employees")
    yield from yearly_revenue_usd(member(organisation, "annual_revenue"), f"{where}.annual_revenue")


def _employers(rows: Json) -> dict[str, str | None]:
    """Person id -> the organisation the search names."""
    return {
        identity: text(member(row, "organization", "name"), 300)
        for _, row in entries(rows)
        if (identity := text(row.get("id"), 100))
    }


def _people(body: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    matches = entries(member(body, "matches"))
    rows = enumerate(elements(body))
    singles = ((f"people[{position}].person", member(row, "person")) for position, row in rows)
    one = ("people.person", member(body, "person"))
    listed = ((f"people.matches[{position}]", person) for position, person in matches)
    return ((path, person) for path, person in chain(listed, singles, [one]) if isinstance(person, dict))


def _works_there(person: Json, employers: Mapping[str, str | None], reply: ReaderInput) -> bool:
    """Whether the person works there, by the matched organisation; without its name and site, by the search."""
    organisation = member(person, "organization")
    name = text(member(organisation, "name"), 300)
    site = _site(organisation) if isinstance(organisation, dict) else None
    if name or site:
        return reply.is_(name, site)
    return reply.is_called(employers.get(text(member(person, "id"), 100) or ""))


def _site(organisation: Json) -> str | None:
    return text(member(organisation, "primary_domain"), 300) or text(member(organisation, "website_url"), 2_000)


def _contact(path: str, person: dict[str, Json]) -> Iterator[ParsedValue]:
    email = email_address(person.get("email"))
    return contact(
        path,
        name=full_name(person.get("first_name"), person.get("last_name"), person.get("name")),
        title=text(person.get("title"), 300),
        email=email,
        email_status=_STATUS.get((text(person.get("email_status"), 30) or "").lower()),
        page=profile_page(person.get("linkedin_url")),
    )


def read_employers(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The organisations that the matched people work at."""
    for _, person in _people(reply.payload.get("people")):
        organisation = person.get("organization")
        pages = (text(member(organisation, key), 2_000) for key in ("linkedin_url", "crunchbase_url"))
        ids = (page_id(page) for page in pages if page)
        yield from named_company(reply, text(member(organisation, "name"), 300), _site(organisation), *ids)


def read_owners(reply: ReaderInput) -> Iterator[OtherName]:
    """What the organisation of a matched person is owned by."""
    for _, person in _people(reply.payload.get("people")):
        organisation = person.get("organization")
        owner = member(organisation, "owned_by_organization")
        name = text(member(owner, "name"), 300)
        if name and isinstance(organisation, dict) and _works_there(person, {}, reply):
            yield OtherName("parent", name, own_domain(text(member(owner, "website_url"), 2_000) or "", name))


READERS: Mapping[str, ReaderEntry] = {
    "apollo_contacts": ReaderEntry(read_people, version=5, named=read_employers, other_names=read_owners),
}
