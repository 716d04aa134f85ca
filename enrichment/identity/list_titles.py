"""What a title of a column says that it contains, in any spelling: 'companyName', 'Organization - Website'. Pure.

title -> role_of -> Role, None where its words are not known
"""

import re
from typing import Literal, cast

from enrichment.domain.data_tables import rows_of
from enrichment.identity.letters import fold

Role = Literal["company", "name", "website", "profile", "email", "personal", "person", "related", "country", "id"]

_ROLES = {header: cast("Role", role) for header, role in rows_of("enrichment.identity", "list_headers")}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PROGRAMS = frozenset(
    {"hs", "hubspot", "sf", "sfdc", "salesforce", "crm", "zi", "zoominfo", "cb", "crunchbase", "apollo"}
    | {"properties", "fields", "attributes"}
)
_PERSONS = frozenset(
    {"person", "contact", "attendee", "speaker", "lead", "candidate", "member", "delegate", "participant", "prospect"}
)
_COMPANIES = frozenset(
    {"company", "account", "organization", "organisation", "org", "firm", "business", "startup", "employer", "prospect"}
    | {"store", "shop", "merchant", "exhibitor", "sponsor", "issuer", "agency", "institution", "lead"}
)
"""Words in front of what a column is of: 'Contact Email', 'Prospect Website'."""
_OF_PARTS: frozenset[Role | None] = frozenset({"company", "website", "country"})
"""Roles that a part of a title may have: behind 'Owner:' a name is no company's."""
_ONE_OF_SEVERAL = re.compile(r" \d(?= )")
"""'Organization 1 - Name', of exports that have several of a kind."""


def role_of(title: str) -> Role | None:
    """What a column of this title contains, or None where the title is not known."""
    plain = plain_title(title)
    spellings = (plain, plain.replace(" ", ""), _words(title), _ONE_OF_SEVERAL.sub("", plain))
    found = next((_ROLES[each] for each in spellings if each in _ROLES), None)
    return found or _role_of_part(title)


def _role_of_part(title: str) -> Role | None:
    """'hs_company_name' behind the name of a program, 'Contact: Company' behind a colon, 'Website/URL' of either."""
    program, _, rest = plain_title(title).partition(" ")
    if program in _PROGRAMS and rest:
        return role_of(rest)
    if rest and (of_owner := _role_of_owned(program, rest)) is not None:
        return of_owner
    parts = title.rpartition(":")[2:] if ":" in title else title.split("/")
    if parts == [title] or not all(map(str.strip, parts)):
        return None
    roles = {role_of(part) for part in parts} - {None}
    return roles.pop() if len(roles) == 1 and roles <= _OF_PARTS else None


def _role_of_owned(owner: str, thing: str) -> Role | None:
    """'Contact Email' is an e-mail address, 'Attendee Name' a person's, 'Prospect Website' a company's website."""
    role = _ROLES.get(thing)
    if owner in _PERSONS and role in ("company", "email"):
        return role
    if owner in _COMPANIES and (role in ("company", "email") or (" " not in thing and role in ("website", "country"))):
        return role
    return "person" if owner in _PERSONS and role == "name" else None


def plain_title(title: str) -> str:
    return _words(_CAMEL.sub(" ", title))


def _words(title: str) -> str:
    words = fold(re.sub(r"\([^)]*\)|[*:#]", " ", title))
    return " ".join(re.findall(r"[^\W_]+", words))
