"""Contacts out of what vendors report of people, and what a job title shows of rank and department.

name, title, address, page -> Contact + completeness;   'VP of Sales Operations' -> vp, sales
"""

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

from enrichment.domain.json_values import Json
from enrichment.domain.values import Contact, EmailStatus
from enrichment.parsing.job_titles import department, seniority
from enrichment.parsing.json_access import text, url
from enrichment.parsing.reader_types import ParsedValue

# times the reliability of a source, against a threshold of 0.8: 0.83 and more for the reliable, 0.77 at best
_REACHABLE, _UNREACHABLE = 0.97, 0.85
_UNTITLED_BUT_REACHABLE, _NAME_ALONE = 0.75, 0.6
_LINK = re.compile(r"^\s*mailto:\s*", re.IGNORECASE)
_HIDDEN = re.compile(r"not_unlocked|\*\*|[{}]")
_ENTITY = re.compile(r"&#?\w+;")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_PROFILE = re.compile(r"^https?://(?:[\w-]+\.)*linkedin\.com/(?:in|pub)/[^/?#\s]+", re.IGNORECASE)


def email_address(value: Json) -> str | None:
    """An address as it can be written to, its domain in ASCII; None for what a vendor hides or never knew."""
    stated = text(value, 300)
    if not stated or _HIDDEN.search(stated):
        return None
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  most commands read no address

    plain = (
        _LINK.sub("", _UNSEEN.sub("", _ENTITY.sub(lambda found: unescape(found[0]), stated)))
        .partition("?")[0]
        .rstrip(" .,;")
        .replace("\u2019", "'")
    )
    bare = plain.removeprefix("<").removesuffix(">") if plain.startswith("<") else plain
    try:
        found = validate_email(bare, check_deliverability=False, allow_display_name=True, strict=True)
    except EmailNotValidError:
        return None
    return f"{found.local_part}@{found.ascii_domain}".lower()


def profile_page(value: Json) -> str | None:
    """A person's LinkedIn page, whatever the country's host, without what tracks the visitor."""
    found = _PROFILE.match(url(value) or "")
    return re.sub(r"^http://", "https://", found[0]) if found else None


def contact(
    evidence: str,
    *,
    name: str | None,
    title: str | None,
    email: str | None = None,
    email_status: EmailStatus | None = None,
    checked_at: datetime | None = None,
    page: str | None = None,
) -> Iterator[ParsedValue]:
    """A contact, if there is a whole name; worth most with a title and an address that was verified.

    Without a title, or without an address and a profile page, no source makes it satisfy the shipped threshold.
    """
    if not name or "*" in name:
        return
    person = Contact(
        full_name=name,
        title=title,
        seniority=seniority(title) if title else None,
        department=department(title) if title else None,
        email=email,
        email_status=email_status if email else None,
        email_checked_at=checked_at if email and email_status in ("valid", "not_valid", "unknown") else None,
        linkedin_url=page,
    )
    yield ParsedValue("key_contacts", person, _completeness(person), evidence)


def _completeness(person: Contact) -> float:
    """An address known not to work is none."""
    written_to = bool(person.email) and person.email_status != "not_valid"
    reachable = written_to or bool(person.linkedin_url)
    if not person.title:
        return _UNTITLED_BUT_REACHABLE if reachable else _NAME_ALONE
    if written_to and person.email_status == "valid":
        return 1.0
    return _REACHABLE if reachable else _UNREACHABLE


def full_name(first: Json, last: Json, whole: Json = None) -> str | None:
    """The whole name, or None: one who goes by a first name only cannot be written to."""
    both = [part for part in (text(first, 140), text(last, 140)) if part]
    stated = text(whole, 300)
    if stated and " " in stated:
        return stated
    return " ".join(both) if len(both) == 2 else None
