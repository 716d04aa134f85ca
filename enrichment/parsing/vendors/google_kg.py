"""Google Knowledge Graph: {'search': body} -> the company's name, domain and description.

Scores have no fixed scale; namesakes may be towns or people: an entity counts if it is an organisation of the name.
"""

from collections.abc import Iterator, Mapping

from enrichment.domain.json_values import Json
from enrichment.identity.domains import own_domain
from enrichment.identity.vendor_ids import vendor_id
from enrichment.parsing.json_access import entries, member, text, texts
from enrichment.parsing.reader_types import (
    NamedCompany,
    OtherName,
    ParsedValue,
    ReaderEntry,
    ReaderInput,
    beside,
    named_company,
    text_value,
)

_ORGANISATIONS = ("Organization", "Corporation", "Business", "Company", "Airline", "Store")


def read_entities(reply: ReaderInput) -> Iterator[ParsedValue]:
    """The entity that is the company; none where several of its name could be meant, whatever their scores."""
    found = [
        (position, entity)
        for position, element in entries(member(reply.payload, "search", "itemListElement"))
        if _is_the_company(entity := element.get("result"), reply)
    ]
    sites = {_site(entity) for _, entity in found}
    if len(sites) > 1 and not reply.domain:
        return
    for position, entity in sorted(found, key=lambda one: _site(one[1]) != reply.domain)[:1]:
        yield from _entity(entity, f"search.itemListElement[{position}].result")


def _site(entity: Json) -> str | None:
    return own_domain(text(member(entity, "url"), 2_000) or "", text(member(entity, "name"), 300))


def _is_the_company(entity: Json, reply: ReaderInput) -> bool:
    website = text(member(entity, "url"), 2_000)
    return _is_organisation(entity) and reply.is_(text(member(entity, "name"), 300), website)


def _is_organisation(entity: Json) -> bool:
    kinds = texts(member(entity, "@type"))
    return not kinds or any(kind.endswith(_ORGANISATIONS) for kind in kinds)


def _entity(entity: Json, path: str) -> Iterator[ParsedValue]:
    name = text(member(entity, "name"), 300)
    yield from text_value("company_name", name, f"{path}.name")
    yield from text_value("domain", own_domain(text(member(entity, "url")) or "", name), f"{path}.url")
    article = text(member(entity, "detailedDescription", "articleBody"))
    if article:
        yield from text_value("company_description", article, f"{path}.detailedDescription.articleBody")
    else:
        # two or three words, such as 'Automotive company'
        yield from text_value("company_description", text(member(entity, "description")), f"{path}.description", 0.6)


def read_names(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The organisations among the entities."""
    for _, element in entries(member(reply.payload, "search", "itemListElement")):
        entity = element.get("result")
        if _is_organisation(entity):
            entity_id = vendor_id("kg", text(member(entity, "@id"), 100) or "")
            website = text(member(entity, "url"), 2_000)
            yield from named_company(reply, text(member(entity, "name"), 300), website, entity_id)


def read_entities_that_come_up(reply: ReaderInput) -> Iterator[NamedCompany]:
    """The organisations among the entities that have a website, with what each is."""
    for _, element in entries(member(reply.payload, "search", "itemListElement")):
        entity = element.get("result")
        name, website = text(member(entity, "name"), 300), text(member(entity, "url"), 2_000)
        if _is_organisation(entity) and name and website:
            article = text(member(entity, "detailedDescription", "articleBody"))
            about = article or text(member(entity, "description"))
            yield NamedCompany(name, website, reply.is_(name, website), about=about)


def read_entity_names(reply: ReaderInput) -> Iterator[OtherName]:
    """What is written beside the entity's name."""
    for _, element in entries(member(reply.payload, "search", "itemListElement")):
        if _is_the_company(entity := element.get("result"), reply):
            yield from beside(text(member(entity, "name"), 300))
            return


READERS: Mapping[str, ReaderEntry] = {
    "google_knowledge_graph": ReaderEntry(
        read_entities,
        version=3,
        named=read_names,
        other_names=read_entity_names,
        come_up=read_entities_that_come_up,
    ),
}
