"""Google Knowledge Graph: {'search': body} -> the company's name, domain and description.

Scores have no fixed scale; namesakes may be towns or people: an entity counts if it is an organisation of the name.
"""

from collections.abc import Iterator, Mapping

from enrichment.domain.records import Json
from enrichment.identity.domains import own_domain
from enrichment.parsing.json_access import entries, member, text, texts
from enrichment.parsing.reader import ParsedValue, ReaderEntry, ReaderInput, text_value

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
    kinds = texts(member(entity, "@type"))
    if kinds and not any(kind.endswith(_ORGANISATIONS) for kind in kinds):
        return False
    return reply.is_(text(member(entity, "name"), 300), text(member(entity, "url"), 2_000))


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


READERS: Mapping[str, ReaderEntry] = {
    "google_knowledge_graph": ReaderEntry(read_entities, version=2),
}
