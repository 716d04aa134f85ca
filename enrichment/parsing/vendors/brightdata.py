"""Bright Data's records: {'records': [record, ...]} -> facts of the records that are about the company.

Error rows come among the records; keys are absent in one record and null in the next; numbers come as texts.
"""

from collections.abc import Iterator, Mapping
from html import unescape

from enrichment.domain.json_values import Json
from enrichment.domain.values import IntentSignal, Technology
from enrichment.identity.domains import own_domain
from enrichment.identity.vendor_ids import page_id, vendor_id
from enrichment.parsing.dates import moment
from enrichment.parsing.firmographics import founding, seat, size_band
from enrichment.parsing.headcount import headcount
from enrichment.parsing.json_access import elements, entries, member, text, texts, url
from enrichment.parsing.people import contact, email_address, profile_page
from enrichment.parsing.reader_types import (
    NamedCompany,
    OtherName,
    ParsedValue,
    ReaderEntry,
    ReaderInput,
    beside,
    is_front_door,
    named_company,
    text_value,
)

_OWNED = frozenset({"subsidiary", "affiliated_company", "investment_arm"})
"""Kinds of parts, by Crunchbase, that are companies; a division is none."""

BrightDataRecord = dict[str, Json]


def _records(reply: ReaderInput) -> Iterator[tuple[str, BrightDataRecord]]:
    """Path and record, error rows left out."""
    for position, record in entries(reply.payload.get("records")):
        if not record.get("error_code") and not record.get("error"):
            yield f"records[{position}]", record


def _about(reply: ReaderInput, *site_keys: str) -> Iterator[tuple[str, BrightDataRecord]]:
    """The one record with the company's name and website; none where several namesakes could be meant."""
    found = []
    for path, record in _records(reply):
        site = next((site for key in site_keys if (site := text(record.get(key), 2_000))), None)
        if reply.is_(text(record.get("name"), 300), site):
            found.append((not is_front_door(site or ""), own_domain(site or "", reply.name), path, record))
    if reply.domain or len({domain for _, domain, _, _ in found if domain}) <= 1:
        for _, _, path, record in sorted(found, key=lambda one: one[0])[:1]:
            yield path, record


def _employees(value: Json, evidence: str, completeness: float = 1.0) -> Iterator[ParsedValue]:
    if count := headcount(value):
        yield ParsedValue("employee_count", count, completeness, evidence)


def read_linkedin_companies(reply: ReaderInput) -> Iterator[ParsedValue]:
    """LinkedIn company pages."""
    for path, record in _about(reply, "website"):
        name = text(record.get("name"), 300)
        yield from text_value("company_name", name, f"{path}.name")
        yield from text_value("domain", own_domain(text(record.get("website")) or "", name), f"{path}.website")
        yield from text_value("industry", ", ".join(texts(record.get("industries"))), f"{path}.industries")
        yield from _employees(record.get("company_size"), f"{path}.company_size")
        # members that name the company: near its headcount, not the same
        yield from _employees(record.get("employees_in_linkedin"), f"{path}.employees_in_linkedin", 0.9)
        yield from _linkedin_descriptions(record, path)
        country = record.get("country_code")
        yield from seat(f"{path}.headquarters", text(record.get("headquarters"), 300), country=country)
        yield from founding(record.get("founded"), reply.collected_at, f"{path}.founded")
        yield from size_band(record.get("company_size"), f"{path}.company_size")


def _linkedin_descriptions(record: BrightDataRecord, path: str) -> Iterator[ParsedValue]:
    for key, completeness in (("about", 1.0), ("description", 0.9), ("slogan", 0.5)):
        stated = text(record.get(key))
        yield from text_value(
            "company_description", unescape(stated) if stated else None, f"{path}.{key}", completeness
        )


def read_crunchbase(reply: ReaderInput) -> Iterator[ParsedValue]:
    """Crunchbase company records: firmographics."""
    for path, record in _about(reply, "website"):
        yield from text_value("company_name", text(record.get("name"), 300), f"{path}.name")
        yield from text_value("industry", ", ".join(texts(record.get("industries"))[:5]), f"{path}.industries")
        yield from _employees(record.get("num_employees"), f"{path}.num_employees")
        for key, completeness in (("full_description", 1.0), ("about", 0.9)):
            yield from text_value("company_description", text(record.get(key)), f"{path}.{key}", completeness)
        country = record.get("country_code")
        yield from seat(f"{path}.address", text(record.get("address"), 300), country=country)
        yield from founding(record.get("founded_date"), reply.collected_at, f"{path}.founded_date")
        yield from size_band(record.get("num_employees"), f"{path}.num_employees")


def read_technographics(reply: ReaderInput) -> Iterator[ParsedValue]:
    """What 6sense (techstack_arr) or BuiltWith (builtwith_tech) saw in use."""
    for path, record in _about(reply, "website"):
        for key in ("techstack_arr", "builtwith_tech", "tech_stack"):
            for position, element in enumerate(elements(record.get(key))):
                yield from _technology(element, f"{path}.{key}[{position}]")
        country = record.get("country_code")
        yield from seat(f"{path}.location", text(record.get("location"), 300), country=country)
        yield from size_band(record.get("num_employees"), f"{path}.num_employees")


def _technology(element: Json, evidence: str) -> Iterator[ParsedValue]:
    """'Snowflake', or {'name': 'Snowflake', 'technology_category': ['Data warehouse']}."""
    keys = ("name", "technology", "technology_name", "product")
    name = next((name for key in keys if (name := text(member(element, key), 300))), None) or text(element, 300)
    if not name:
        return
    listed = texts(member(element, "technology_category")) + texts(member(element, "category"))
    yield ParsedValue("tech_stack", Technology(name=name, category=listed[0] if listed else None), 1.0, evidence)


def read_linkedin_people(reply: ReaderInput) -> Iterator[ParsedValue]:
    """LinkedIn profiles of people whose present employer is the company."""
    for path, record in _records(reply):
        if not any(reply.is_called(name) for name in _employers(record)):
            continue
        yield from contact(
            path,
            name=text(record.get("name"), 300),
            title=_title(record, reply),
            email=email_address(record.get("email")),
            email_status="unverified",
            page=profile_page(record.get("url")) or profile_page(record.get("input_url")),
        )


def _employers(record: BrightDataRecord) -> list[str]:
    """Present ones; where the profile names none, those of jobs that did not end."""
    current = record.get("current_company")
    named = [text(record.get("current_company_name"), 300), text(member(current, "name"), 300)]
    if any(named):
        return [name for name in named if name]
    return [name for job in _present_jobs(record) if (name := text(job.get("company"), 300))]


def _present_jobs(record: BrightDataRecord) -> list[BrightDataRecord]:
    return [
        job for _, job in entries(record.get("experience")) if (text(job.get("end_date")) or "Present") == "Present"
    ]


def _title(record: BrightDataRecord, reply: ReaderInput) -> str | None:
    if stated := text(member(record.get("current_company"), "title"), 300):
        return stated
    for job in _present_jobs(record):
        if reply.is_called(text(job.get("company"), 300)) and (stated := text(job.get("title"), 300)):
            return stated
    before, found, _ = (text(record.get("position"), 300) or "").partition(" at ")
    return before if found else None


def read_intent(reply: ReaderInput) -> Iterator[ParsedValue]:
    """Signs of buying: {domain, topic, strength, observed_on, evidence_url}; strength in 0..1 or per cent."""
    for path, record in _records(reply):
        topic = text(record.get("topic"), 500)
        if topic and reply.owns(text(record.get("domain"), 300)):
            observed = moment(record.get("observed_on"), reply.collected_at)
            signal = IntentSignal(
                topic=topic,
                strength=_strength(record.get("strength")),
                observed_on=observed.date() if observed else None,
                evidence_url=url(record.get("evidence_url")),
            )
            yield ParsedValue("purchase_intent", signal, 1.0, path)


def _strength(value: Json) -> float | None:
    try:
        stated = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    share = stated / 100 if stated > 1 else stated
    return round(share, 4) if 0 <= share <= 1 else None


def read_record_names(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The companies of records from LinkedIn and Crunchbase, with the ids of their pages."""
    for _, record in _records(reply):
        linked = texts(record.get("social_media_links"), 2_000)
        pages = [text(record.get("url"), 2_000), text(record.get("crunchbase_url"), 2_000), *linked]
        symbol = vendor_id("ticker", text(record.get("stock_symbol"), 30) or "")
        yield from named_company(
            reply,
            text(record.get("name"), 300),
            text(record.get("website"), 2_000),
            *(page_id(page) for page in pages if page),
            symbol,
            country=text(record.get("country_code"), 100),
        )


def read_linkedin_names(reply: ReaderInput) -> Iterator[OtherName]:
    """What is written beside the name of the company's page."""
    for _, record in _about(reply, "website"):
        yield from beside(text(record.get("name"), 300))


def read_crunchbase_names(reply: ReaderInput) -> Iterator[OtherName]:
    """The company's registered name, its acquirer or parent, and its own parts."""
    for _, record in _about(reply, "website"):
        yield from beside(text(record.get("name"), 300))
        if legal := text(record.get("legal_name"), 300):
            yield OtherName("spelling", legal)
            yield from beside(legal)
        if acquirer := text(member(record.get("acquired_by"), "acquirer"), 300):
            yield OtherName("parent", acquirer)
        for _, part in entries(record.get("sub_organizations")):
            if part.get("ownership_type") in _OWNED and (owned := text(part.get("ownee"), 300)):
                yield OtherName("subsidiary", owned)


READERS: Mapping[str, ReaderEntry] = {
    "brightdata_company_db": ReaderEntry(
        read_linkedin_companies,
        version=6,
        named=read_record_names,
        other_names=read_linkedin_names,
        come_up=read_record_names,
    ),
    "brightdata_people_db": ReaderEntry(read_linkedin_people, version=3),
    "brightdata_technographics": ReaderEntry(read_technographics, version=5, named=read_record_names),
    "brightdata_firmographics": ReaderEntry(
        read_crunchbase, version=6, named=read_record_names, other_names=read_crunchbase_names
    ),
    "brightdata_intent_data": ReaderEntry(read_intent, version=3),
}
