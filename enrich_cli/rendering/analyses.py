"""How analyses look: what each list of an answer says, every item with the quote and the source it rests on.

a profile's document -> lines of text; an analysis that was not made: the reason
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.padding import Padding
from rich.text import Text

_CITED = ("evidence_id", "quote")


def analyses_lines(document: Mapping[str, Any], *, most: int | None) -> Iterator[Text | Padding]:
    """The lines of all analyses. most: how many items of a list are shown; None: all."""
    for name, analysis in document["analyses"].items():
        yield Text(_headline(name, analysis), style="bold")
        for field, items in analysis["answer"].items():
            yield from _list_lines(field, items, analysis["evidence"].get("pieces", {}), most)
    for name, why in document.get("gaps", {}).items():
        yield Text(f"analysis {name}: not made: {why}", style="yellow")


def _headline(name: str, analysis: Mapping[str, Any]) -> str:
    kept, dropped = analysis["claims_kept"], analysis["claims_dropped"]
    left_out = f", {dropped} dropped, as the evidence does not bear them out" if dropped else ""
    return f"analysis {name}: {kept} claim{'' if kept == 1 else 's'}{left_out}"


def _list_lines(
    field: str, items: Sequence[Mapping[str, Any]], pieces: Mapping[str, Any], most: int | None
) -> Iterator[Text | Padding]:
    title = field.replace("_", " ")
    if not items:
        yield Padding(Text(f"{title}: nothing in the evidence", style="dim"), (0, 0, 0, 2))
        return
    yield Padding(Text(title), (0, 0, 0, 2))
    for item in items[:most]:
        yield from _item_lines(item, pieces)
    if most is not None and len(items) > most:
        yield Padding(Text(f"and {len(items) - most} more: --all shows them"), (0, 0, 0, 4))


def _item_lines(item: Mapping[str, Any], pieces: Mapping[str, Any]) -> Iterator[Padding]:
    sentence, quote = _sentence(item), " ".join(str(item.get("quote", "")).split())
    sources = pieces.get(str(item.get("evidence_id")), {}).get("sources", ())
    cited = f'"{quote}"' + (f" ({', '.join(sources)})" if sources else "")
    if sentence == quote:
        yield Padding(Text(f"- {cited}"), (0, 0, 0, 4))
        return
    yield Padding(Text(f"- {sentence}"), (0, 0, 0, 4))
    yield Padding(Text(cited, style="dim"), (0, 0, 0, 6))


def _sentence(item: Mapping[str, Any]) -> str:
    """An item of any answer in one line; of a kind that is not known here, all its values."""
    match item:
        case {"statement": statement}:
            text = str(statement)
        case {"recommendation": recommendation, "why": why}:
            text = str(recommendation) if why == recommendation else f"{recommendation} ({why})"
        case {"full_name": name, "priority": priority, "why": why}:
            text = f"{priority}. {_listed(name, item.get('seniority'), item.get('department'))}: {why}"
        case {"name": name, "how_they_compete": how}:
            text = f"{name}: {how}"
        case {"name": name, "category": category}:
            text = f"{name} ({_listed(category, item.get('purpose'))})"
        case {"team": team, "focus": focus}:
            text = f"{_listed(team, item.get('seniority'))}: {focus}"
        case {"what": what, "event": event}:
            text = f"{what} ({_listed(event, item.get('date'))})"
        case _:
            text = _listed(*(value for name, value in item.items() if name not in _CITED))
    return " ".join(text.split())


def _listed(*values: object) -> str:
    return ", ".join(str(value).replace("_", " ") for value in values if value not in (None, ""))
