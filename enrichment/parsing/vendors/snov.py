"""Snov: {'company': body, 'prospects': body, 'emails': body} -> contacts with verified addresses, industry, headcount.

Keys change type: 'data' is a list, an object or empty. An address is found by the person's name, which may come twice.
"""

from collections.abc import Iterator, Mapping

from enrichment.domain.json_values import Json
from enrichment.domain.values import EmailStatus
from enrichment.parsing.firmographics import founding, seat, size_band
from enrichment.parsing.headcount import headcount
from enrichment.parsing.json_access import entries, member, text, texts
from enrichment.parsing.people import contact, email_address, full_name, profile_page
from enrichment.parsing.reader_types import (
    NamedCompany,
    ParsedValue,
    ReaderEntry,
    ReaderInput,
    named_company,
    text_value,
)

_STATUS: dict[str | None, EmailStatus] = {"valid": "valid", "not_valid": "not_valid", "unknown": "unknown"}
Address = tuple[str, EmailStatus]


def read_domain(reply: ReaderInput) -> Iterator[ParsedValue]:
    """What is known of the domain that was asked for; a body about another company is ignored."""
    body = reply.payload.get("company")
    if not _is_the_company(body, reply):
        return
    yield from text_value("industry", text(member(body, "data", "industry"), 300), "company.data.industry")
    if count := headcount(member(body, "data", "size")):
        yield ParsedValue("employee_count", count, 1.0, "company.data.size")
    yield from seat("company.data.city", city=member(body, "data", "city"))
    yield from founding(member(body, "data", "founded"), reply.collected_at, "company.data.founded")
    yield from size_band(member(body, "data", "size"), "company.data.size")
    yield from _contacts(reply)


def _is_the_company(body: Json, reply: ReaderInput) -> bool:
    asked = text(member(body, "meta", "domain"), 300)
    name, website = text(member(body, "data", "company_name"), 300), text(member(body, "data", "website"), 300)
    if not asked or not reply.domain:
        return reply.is_(name, website)
    related = texts(member(body, "data", "related_domains"))
    return reply.owns(asked) and (not website or reply.is_(name, website) or any(map(reply.owns, related)))


def _contacts(reply: ReaderInput) -> Iterator[ParsedValue]:
    addresses = _addresses(member(reply.payload, "emails", "data"))
    for position, person in entries(member(reply.payload, "prospects", "data")):
        name = full_name(person.get("first_name"), person.get("last_name"))
        email, status = addresses.get((name or "").casefold(), (None, None))
        yield from contact(
            f"prospects.data[{position}]",
            name=name,
            title=text(person.get("position"), 300),
            email=email,
            email_status=status,
            checked_at=reply.collected_at,
            page=profile_page(person.get("source_page")),
        )


def _addresses(data: Json) -> dict[str, Address]:
    """Name -> the best address that was found for it."""
    found: dict[str, Address] = {}
    for _, row in entries(data):
        person = text(row.get("people"), 300)
        address = _best_address(row.get("result"))
        if person and address:
            found.setdefault(person.casefold(), address)
    return found


def _best_address(results: Json) -> Address | None:
    known = [
        (email, _STATUS.get(text(result.get("smtp_status"), 30), "unverified"))
        for _, result in entries(results)
        if (email := email_address(result.get("email")))
    ]
    order: tuple[EmailStatus, ...] = ("valid", "unknown", "unverified", "not_valid")
    return min(known, key=lambda address: order.index(address[1]), default=None)


def read_company_name(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The company that the body is about."""
    data = member(reply.payload.get("company"), "data")
    yield from named_company(reply, text(member(data, "company_name"), 300), text(member(data, "website"), 300))


READERS: Mapping[str, ReaderEntry] = {
    "snov_contacts": ReaderEntry(read_domain, version=6, named=read_company_name),
}
