"""From a vendor's reply to facts, by the reader of its source: distinct, best first, each with its worth. Pure.

    Reply + Company + Rules  ->  Fact, Fact, ...

A new source is an entry in sources.yaml, and a reader in READERS of its provider's file in vendors/ (readers.py).
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from enrichment.domain.companies import Alias, Company, CompanyRelation
from enrichment.domain.knowledge import Fact, Reply
from enrichment.domain.values import EmployeeCount, Technology, identity
from enrichment.identity.other_names import key_of
from enrichment.parsing.reader_types import NamedCompany, ParsedValue, ReaderEntry, ReaderInput
from enrichment.parsing.readers import READERS
from enrichment.parsing.technologies import is_own_product
from enrichment.rules.rule_set import Rules


class NoReader(LookupError):
    """A source without a reader for its replies."""


def reader_of(source: str, rules: Rules, readers: Mapping[str, ReaderEntry] = READERS) -> ReaderEntry:
    """The reader of a source: of its name, or the one sources.yaml names. Raises NoReader."""
    name = rules.sources[source].reader or source
    if name not in readers:
        raise NoReader(
            f"source {source!r} has no reader named {name!r}: add one to READERS of its provider's file in "
            f"enrichment/parsing/vendors, or name one of {', '.join(readers)} as its `reader:` in sources.yaml"
        )
    return readers[name]


def read(reply: Reply, company: Company, rules: Rules, *, readers: Mapping[str, ReaderEntry] = READERS) -> list[Fact]:
    """The facts of a reply, best first: of datasets the source promises, distinct, at most `at_most` of each
    (an open headcount has a closed one beside it).

    Raises NoReader; a body of any shape gives facts or none.
    """
    entry = reader_of(reply.source, rules, readers)
    if not reply.found:
        return []
    subject = ReaderInput(reply.payload, company.name, company.domain, reply.collected_at)
    promised = rules.sources[reply.source].datasets
    found: dict[str, list[ParsedValue]] = {}
    for reading in entry.read(subject):
        if reading.dataset in promised and not _is_own_product(reading, company):
            found.setdefault(reading.dataset, []).append(reading)
    return [
        _fact(reading, reply, rules, entry.version)
        for dataset, readings in found.items()
        for reading in _best(readings, rules.datasets[dataset].at_most)
    ]


def _is_own_product(reading: ParsedValue, company: Company) -> bool:
    """What a company sells is no sign of what it uses, whichever page names it."""
    return isinstance(reading.value, Technology) and is_own_product(
        reading.value.name, name=company.name, domain=company.domain
    )


def companies_named(
    reply: Reply, company: Company, rules: Rules, *, readers: Mapping[str, ReaderEntry] = READERS
) -> list[NamedCompany]:
    """The companies that the records of a reply are of. Raises NoReader."""
    if not reply.found:
        return []
    subject = ReaderInput(reply.payload, company.name, company.domain, reply.collected_at)
    return list(reader_of(reply.source, rules, readers).named(subject))


def companies_that_come_up(
    reply: Reply, name: str, rules: Rules, *, readers: Mapping[str, ReaderEntry] = READERS
) -> list[NamedCompany]:
    """The companies with a website that a reply shows for a name. Raises NoReader."""
    if not reply.found:
        return []
    return list(
        reader_of(reply.source, rules, readers).come_up(ReaderInput(reply.payload, name, None, reply.collected_at))
    )


def other_names(
    reply: Reply, company: Company, rules: Rules, *, readers: Mapping[str, ReaderEntry] = READERS
) -> tuple[list[Alias], list[CompanyRelation]]:
    """Aliases of the company, and companies related to it, as the reply states them; each once.

    A parent or a subsidiary is no alias, and neither is a spelling of the company's own name. Raises NoReader.
    """
    if not reply.found:
        return [], []
    subject = ReaderInput(reply.payload, company.name, company.domain, reply.collected_at)
    own = {company.key, key_of(company.name), company.domain}
    aliases: dict[str, Alias] = {}
    relations: dict[tuple[str, str], CompanyRelation] = {}
    for other in reader_of(reply.source, rules, readers).other_names(subject):
        key = key_of(other.name, other.domain)
        if key is None or key in own:
            continue
        origin = (other.name, reply.source, reply.collected_at)
        match other.kind:
            case "parent" | "subsidiary" as kind:
                relations.setdefault((kind, key), CompanyRelation(company.company_id, kind, key, *origin))
            case kind:
                aliases.setdefault(key, Alias(key, company.company_id, kind, *origin))
    related = {key for _, key in relations}
    return [alias for key, alias in aliases.items() if key not in related], list(relations.values())


def _best(readings: Iterable[ParsedValue], at_most: int) -> list[ParsedValue]:
    """Distinct items, the most complete first, in the vendor's order where equally complete.

    Beside a headcount that is open ('10,001+') the best closed one is kept as well.
    """
    best: dict[str, ParsedValue] = {}
    for reading in sorted(readings, key=lambda reading: -reading.completeness):
        best.setdefault(identity(reading.value), reading)
    kept, others = list(best.values())[:at_most], list(best.values())[at_most:]
    if not any(_is_closed(reading) for reading in kept):
        kept += [reading for reading in others if _is_closed(reading)][:1]
    return kept


def _is_closed(reading: ParsedValue) -> bool:
    return isinstance(reading.value, EmployeeCount) and reading.value.closed


def _fact(reading: ParsedValue, reply: Reply, rules: Rules, version: int) -> Fact:
    reliability = rules.reliability(reply.source, reading.dataset)
    return Fact(
        company_id=reply.company_id,
        dataset=reading.dataset,
        value=reading.value,
        quality=round(reliability * reading.completeness, 6),
        reliability=reliability,
        source=reply.source,
        reply_id=reply.reply_id,
        purchase_id=reply.purchase_id,
        evidence=reading.evidence,
        collected_at=reply.collected_at,
        holds_until=reply.collected_at + timedelta(seconds=rules.valid_seconds(reply.source, reading.dataset)),
        reader_version=version,
        last_resort=reliability < rules.datasets[reading.dataset].quality_threshold,
    )
