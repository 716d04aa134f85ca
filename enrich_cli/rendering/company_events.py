"""How companies, their aliases, and merges, splits and undoing look."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.companies.company_events import CompanyCard
from enrich_cli.tables import Name, listing
from enrichment.domain.companies import Alias, CompanyEvent, CompanyRelation
from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number

_COUNTED = {
    "aliases": "alias",
    "relations": "relation",
    "requests": "request",
    "purchases": "purchase",
    "replies": "reply",
    "facts": "fact",
    "analyses": "analysis",
    "profiles": "profile",
}
"""What an event moves, in the plural and in the singular."""


def card_view(card: CompanyCard) -> RenderableType:
    company = card.company
    known = [("name", company.name), ("domain", company.domain), ("id", company.company_id)]
    lines = [Text(company.key, style="bold"), *(Text(f"  {what}: {value}") for what, value in known if value)]
    events = [events_view(card.events)] if card.events else []
    return Group(*lines, *_aliases(card.aliases), *_relations(card.relations), *events)


def card_data(card: CompanyCard) -> Json:
    company = card.company
    return {
        "company_id": company.company_id,
        "key": company.key,
        "name": company.name,
        "domain": company.domain,
        "aliases": [
            {
                "alias": alias.alias,
                "kind": alias.kind,
                "name": alias.name,
                "source": alias.source,
                "learned_at": _iso(alias.learned_at),
            }
            for alias in card.aliases
        ],
        "relations": [
            {
                "kind": related.kind,
                "other": related.other,
                "name": related.name,
                "source": related.source,
                "learned_at": _iso(related.learned_at),
            }
            for related in card.relations
        ],
        "events": [event_data(event) for event in card.events],
    }


def event_view(event: CompanyEvent, *, done: bool) -> RenderableType:
    """What an event moves, or did. done=False: a preview."""
    return Group(Text(_headline(event, done=done)), *_consequences(event, done=done))


def events_view(events: Sequence[CompanyEvent]) -> RenderableType:
    if not events:
        return Text("No company was merged or split: `enrich companies merge COMPANY INTO` shows what one would move.")
    table = listing("event", "what", "moved", "by, and why", whole=("event",))
    for event in events:
        undone = f"\nundone {event.undone_at:%Y-%m-%d %H:%M} by {event.undone_by}" if event.undone_at else ""
        table.add_row(
            f"{event.event_id}\n{_when(event.cause.at)} UTC",
            Name(f"{event.kind}: {event.from_key} -> {event.to_key}"),
            _counts(event.moved),
            Text(f"{event.cause.by or 'not known'}: {event.cause.reason}{undone}"),
        )
    return table


def event_data(event: CompanyEvent, *, done: bool | None = None) -> Json:
    """done: whether it was done, or is a preview; None: of a list."""
    data = {
        "event_id": event.event_id,
        "kind": event.kind,
        "from": {"company_id": event.from_id, "key": event.from_key},
        "to": {"company_id": event.to_id, "key": event.to_key},
        "at": _iso(event.cause.at),
        "by": event.cause.by,
        "reason": event.cause.reason,
        "moved": dict(event.moved),
        "undone_at": _iso(event.undone_at),
        "undone_by": event.undone_by,
    }
    return data if done is None else data | {"event_id": event.event_id if done else None, "done": done}


def _headline(event: CompanyEvent, *, done: bool) -> str:
    moved = _counts(event.moved)
    if event.undone_at is not None:
        what = f"{'Undone' if done else 'To undo'} {event.kind} {event.event_id}"
        return f"{what}: {event.to_key} -> {event.from_key}: {moved}"
    what = {"merge": ("To merge", "Merged"), "split": ("To split", "Split")}[event.kind][done]
    return f"{what} {event.from_key} -> {event.to_key}: {moved}"


def _consequences(event: CompanyEvent, *, done: bool) -> Iterator[Text]:
    from_key, to_key = event.from_key, event.to_key
    if event.undone_at is not None and event.kind == "merge":
        yield Text(f"  {from_key} is a company of its own again; what was bought since stays with {to_key}")
    elif event.undone_at is not None:
        yield Text(f"  {to_key} is none any more; what it bought since goes to {from_key}")
    elif event.kind == "merge":
        yield Text(f"  {from_key} leads to {to_key} from then on, and is no partition any more")
    else:
        yield Text(f"  {to_key} is a company of its own; profiles of {from_key} are made anew when they are asked for")
    if event.moved["under_way"] and event.undone_at is None:
        under_way = in_number(event.moved["under_way"], "purchase is", "purchases are")
        yield Text(f"  {under_way} under way: what they bring goes to {to_key}")
    if done and event.undone_at is None:
        yield Text(f"  `enrich companies undo {event.event_id}` takes it back")


def _counts(moved: Mapping[str, int]) -> str:
    return ", ".join(in_number(moved[name], one) for name, one in _COUNTED.items() if moved.get(name)) or "no rows"


def _aliases(aliases: Sequence[Alias]) -> Iterator[RenderableType]:
    if not aliases:
        return
    table = listing("alias", "is", "as written", "source", "since (UTC)")
    for alias in aliases:
        kind, source = alias.kind.replace("_", " "), alias.source or "not known"
        table.add_row(Name(alias.alias), kind, Text(alias.name or ""), Name(source), _when(alias.learned_at))
    yield table


def _relations(relations: Sequence[CompanyRelation]) -> Iterator[RenderableType]:
    if not relations:
        return
    table = listing("related", "is its", "as written", "source", "since (UTC)")
    for related in relations:
        name, source = Text(related.name or ""), Name(related.source)
        table.add_row(Name(related.other), related.kind, name, source, _when(related.learned_at))
    yield table


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "not known"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
