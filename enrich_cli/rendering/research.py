"""A question being researched, a line for each event; its answer: what to say, why now, to whom, how sure, how old."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.research import SessionEvent
from enrichment.research.answers.answer import NOTHING_BOUGHT, besides_in_words
from enrichment.research.answers.missing_reasons import NOTHING_KNOWN
from enrichment.research.answers.next_questions import NextQuestion
from enrichment.rules.names_for_people import called

_errors = Console(stderr=True, highlight=False, soft_wrap=True)
_QUIET = frozenset({"session_started", "question_received", "finding", "research_complete"})
_LONGEST_SHOWN = 280
_STYLES = {"source_failed": "yellow", "budget_reached": "yellow", "citation_dropped": "dim", "error": "red"}
_TITLES = {"recommendations": "What to do", "key_findings": "What is known", "people": "Whom to talk to"}
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def event_line(event: SessionEvent) -> Text | None:
    """An event as a line; None: the answer says the same."""
    if event.type in _QUIET:
        return None
    return Text(f"{event.at:%H:%M:%S} {plain(event.message)}", style=_STYLES.get(event.type, ""))


def print_line(line: Text | str | None) -> None:
    """Prints a line on stderr: stdout has the answer alone."""
    if line is not None:
        _errors.print(plain(line) if isinstance(line, str) else line, markup=False)


def plain(text: str) -> str:
    """The text without characters that command a terminal: texts come from pages."""
    return text.translate(_CONTROL)


def answer_view(answer: Mapping[str, Json]) -> RenderableType:
    return Group(*_lines(answer))


def to_begin_with(offered: Sequence[NextQuestion]) -> RenderableType:
    lines = [Text(plain(f"- {one.question} ({one.as_json()['price']})")) for one in offered]
    return Group(Text("Worth asking to begin with", style="bold"), *lines)


def _lines(answer: Mapping[str, Json]) -> Iterator[Text]:
    claims: dict[str, Any] = {claim["id"]: claim for claim in answer["claims"]}
    yield Text(plain(answer["question"]), style="bold")
    yield from _glance(answer, claims)
    for name, title in _TITLES.items():
        if answer[name]:
            yield Text(f"\n{title}", style="bold")
        for claim_id in answer[name]:
            yield from _claim(claims[claim_id])
    yield from (Text(plain(f"{line}."), style="dim") for line in besides_in_words(answer))
    if answer["open_points"]:
        yield Text("\nWhat is not known", style="bold")
    for point in answer["open_points"]:
        yield Text(plain(f"- {_open_point(point, _company_names(answer))}"))
    if answer["too_wide"]:
        yield Text("\nThis is a wide question; it could be one of these", style="bold")
    for narrower in answer["too_wide"]:
        yield Text(plain(f"- {narrower}"))
    if answer["next_questions"]:
        yield Text("\nWorth asking next", style="bold")
    for one in answer["next_questions"]:
        yield Text(plain(f"- {one['question']} ({one['price']})"))
    yield Text(plain(f"\n{_end(answer)}"), style="dim")


def _glance(answer: Mapping[str, Json], claims: Mapping[str, Any]) -> Iterator[Text]:
    seen = answer["at_a_glance"]
    in_short = [] if seen["what_to_say"] or seen["to_whom"] else [seen.get("in_short")]
    why_now = [] if seen["why_now"] in in_short else [seen["why_now"]]
    labelled = {"in short": in_short, "say": [seen["what_to_say"]], "why now": why_now, "to whom": seen["to_whom"][:1]}
    if answer["open_points"] and not (seen["what_to_say"] or seen.get("in_short")):
        first = answer["open_points"][0]
        label = "in short" if first["because"].endswith(NOTHING_BOUGHT) else "not known"
        yield Text(plain(f"{label}: {_open_point(first, _company_names(answer))}"))
    for label, ids in labelled.items():
        for claim_id in ids:
            if claim_id is not None:
                yield Text(plain(f"{label}: {_said(claims[claim_id])}{_dated(claims[claim_id])}"))
    confidence = answer["confidence"]
    yield Text(plain(f"how sure: {confidence['level']} ({confidence['why']})"))
    if seen["collected"] is not None:
        newest = "" if seen["newest_event"] is None else f"; the newest event is of {seen['newest_event']}"
        yield Text(plain(f"how old: collected {seen['collected']}, {in_number(seen['age_days'], 'day')} ago{newest}"))


def _claim(claim: Mapping[str, Any]) -> Iterator[Text]:
    dated = "" if claim.get("derived") else _dated(claim)
    yield Text(plain(f"- {_said(claim)}{dated}"))
    for one in claim["citations"]:
        quote = " ".join(one["quote"].split())
        is_same = quote.rstrip(".") == " ".join(claim["text"].split()).rstrip(".")
        said = "word for word" if is_same else f'"{_short(quote)}"'
        yield Text(
            plain(f"    {said} ({one.get('verdict', claim['verdict'])}, {one['side']}, {_where(one)})"), style="dim"
        )


def _said(claim: Mapping[str, Any]) -> str:
    why = f" Why: {_short(claim['why'])}" if claim["why"] else ""
    return f"{_short(claim['text'])}{why}"


def _where(citation: Mapping[str, Any]) -> str:
    """The place of a quote: on which page below which heading, of which source, of which day."""
    page = citation.get("page") or citation["url"]
    heading = f'"{_short(citation["heading"])}"' if citation.get("heading") else None
    dated = f"of {citation['dated']}" if citation.get("dated") else None
    parts = (page, heading, called(citation["source"]), dated, f"collected {citation['collected_at'][:10]}")
    return ", ".join(part for part in parts if part)


def _dated(claim: Mapping[str, Any]) -> str:
    dated = claim["citations"][0].get("dated")
    return f" ({dated})" if dated else ""


def _company_names(answer: Mapping[str, Json]) -> Mapping[str, str]:
    return {one["key"]: one["name"] or one["key"] for one in answer.get("companies", ())}


def _open_point(point: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An open point as text. names: key -> name of the company."""
    says_more = not point["asked"] or point["because"] != NOTHING_KNOWN
    why = "; ".join((*([point["because"]] if says_more else []), *point["asked"]))
    company = f" of {names.get(point['company'], point['company'])}" if point["company"] else ""
    price = f"; asking would cost {in_usd(point['cost_micro_usd'])} USD" if point["cost_micro_usd"] else ""
    return f"{called(point['what'])}{company}: {why}{price}"


def _short(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _LONGEST_SHOWN:
        return words
    return f"{words[:_LONGEST_SHOWN].rpartition(' ')[0]} …"


def _end(answer: Mapping[str, Json]) -> str:
    cost, saved = in_usd(answer["cost_micro_usd"]), in_usd(answer["saved_micro_usd"])
    paid = sorted({f"{one['asked_by']} on {one['at'][:10]}" for one in answer["paid_by"] if one["saved_micro_usd"]})
    thanks = f", paid by {', '.join(paid)}" if paid else ""
    missing = answer["missing_micro_usd"]
    more = f" What is missing would cost {in_usd(missing)} USD." if missing else ""
    return f"Cost {cost} USD, saved {saved} USD{thanks}.{more}"
