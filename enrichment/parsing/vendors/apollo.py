"""Apollo: {'search': body, 'people': body} -> contacts who work at the company now.

The search hides family names; only matched people are contacts. One without an organisation is told by the search.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from enrichment.domain.records import Json
from enrichment.domain.values import EmailStatus
from enrichment.parsing.json_access import elements, entries, member, text
from enrichment.parsing.people import contact, email_address, full_name, profile_page
from enrichment.parsing.reader import ReaderEntry, Reading, Subject

_STATUS: dict[str | None, EmailStatus] = {
    "verified": "valid",
    "likely to engage": "valid",
    "unverified": "unverified",
    "extrapolated": "unverified",
    "guessed": "unverified",
    "bounced": "not_valid",
    "update required": "not_valid",
}


def read_people(subject: Subject) -> Iterator[Reading]:
    """The matched people: of a bulk match, of a single one, or of a list of single ones."""
    employers = _employers(member(subject.payload, "search", "people"))
    for path, person in _people(subject.payload.get("people")):
        if _works_there(person, employers, subject):
            yield from _contact(path, person)


def _employers(rows: Json) -> dict[str, str | None]:
    """Person id -> the organisation the search names."""
    return {
        identity: text(member(row, "organization", "name"), 300)
        for _, row in entries(rows)
        if (identity := text(row.get("id"), 100))
    }


def _people(body: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    matches = entries(member(body, "matches"))
    singles = ((f"people[{place}].person", member(single, "person")) for place, single in enumerate(elements(body)))
    one = ("people.person", member(body, "person"))
    listed = ((f"people.matches[{place}]", person) for place, person in matches)
    return ((path, person) for path, person in chain(listed, singles, [one]) if isinstance(person, dict))


def _works_there(person: Json, employers: Mapping[str, str | None], subject: Subject) -> bool:
    organisation = member(person, "organization")
    if isinstance(organisation, dict):
        site = text(organisation.get("primary_domain"), 300) or text(organisation.get("website_url"), 2_000)
        return subject.is_(text(organisation.get("name"), 300), site)
    return subject.is_called(employers.get(text(member(person, "id"), 100) or ""))


def _contact(path: str, person: dict[str, Json]) -> Iterator[Reading]:
    email = email_address(person.get("email"))
    return contact(
        path,
        name=full_name(person.get("first_name"), person.get("last_name"), person.get("name")),
        title=text(person.get("title"), 300),
        email=email,
        email_status=_STATUS.get((text(person.get("email_status"), 30) or "").lower()),
        page=profile_page(person.get("linkedin_url")),
    )


READERS: Mapping[str, ReaderEntry] = {
    "apollo_contacts": ReaderEntry(read_people),
}
