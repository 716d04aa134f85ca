"""What in a stored reply a value was read from, so that a reader can check it: a sentence, an address, a field. Pure.

payload, 'search.jobs_results[5].description', Kafka -> 'Data Engineer: "We run Kafka on AWS."'
payload, 'page:/#HubSpot', HubSpot                   -> '//js.hs-scripts.com/1.js'
payload, 'records[0].employees_in_linkedin', 122552  -> 'employees_in_linkedin: 122552'
payload, 'search.organic_results[2].snippet', 10001  -> 'Acme on LinkedIn | Consumer Goods | 10,001+ employees'
"""

import re
from collections.abc import Iterator, Mapping

from enrichment.domain.json_values import Json
from enrichment.domain.values import Technology, Value
from enrichment.parsing.assertions import sentences_of
from enrichment.parsing.json_access import member, text, texts_in
from enrichment.parsing.technologies import named_technologies, traces_of

_STEP = re.compile(r"(?P<step>[^.#\[]+)(?P<rest>.*)", re.DOTALL)
_KEY = re.compile(r"\.([^.\[\]#]+)|\[(\d+)\]")
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]{1,2000}>", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"[\"'<>\s()]")
_LONGEST = 300
_SHOWN = frozenset({"title", "snippet"})
"""Fields of a search result, of which a value may be a part."""


def read_from(value: Value, payload: Mapping[str, Json], place: str) -> str | None:
    """None: it is read from a text that a citation shows as it is, or its place is not found."""
    found = _STEP.fullmatch(place)
    if found is None:
        return None
    body, rest = payload.get(found["step"]), found["rest"]
    if isinstance(value, Technology):
        return _of_page(value.name, body) if isinstance(body, str) else _of_row(value.name, body, rest)
    *_, (key, leaf) = _path(body, rest) or [("", None)]
    if isinstance(leaf, str) and key in _SHOWN:
        return _cut(" ".join(leaf.split()))
    return f"{key}: {leaf}" if isinstance(leaf, int | float) and not isinstance(leaf, bool) else None


def address_of(payload: Mapping[str, Json], place: str) -> str | None:
    """The address of the search result that a value stands in; None: it stands in none."""
    found = _STEP.fullmatch(place)
    steps = [] if found is None else _path(payload.get(found["step"]), found["rest"])
    rows = (at for _, at in reversed(steps) if isinstance(at, Mapping))
    return next((link for row in rows if (link := text(row.get("link"), _LONGEST))), None)


def _path(body: Json, rest: str) -> list[tuple[str, Json]]:
    """The steps down, each with what is there; ends where the reply has no such place."""
    steps, at = [], body
    for key, position in _KEY.findall(rest):
        at = _item(at, int(position)) if position else member(at, key)
        steps.append((key, at))
    return steps


def _item(value: Json, position: int) -> Json:
    return value[position] if isinstance(value, list) and position < len(value) else None


def _of_row(name: str, body: Json, rest: str) -> str | None:
    rows = [at for _, at in _path(body, rest) if isinstance(at, Mapping)]
    if not rows:
        return None
    title = text(rows[-1].get("title"), _LONGEST) or text(rows[-1].get("job_title"), _LONGEST)
    said = next((one for stated in texts_in(rows[-1]) for one in _naming(name, stated)), None)
    return f'{title}: "{said}"' if title and said else said


def _of_page(name: str, markup: str) -> str | None:
    low = markup.lower()
    traces = (trace for trace in traces_of(name) if trace in low)
    if (trace := next(traces, None)) is not None:
        return _around(markup, low.index(trace), len(trace))
    return next(_naming(name, _TAGS.sub("\n", markup)), None)


def _naming(name: str, stated: str) -> Iterator[str]:
    named = (one for one in sentences_of(stated) if any(known.name == name for known in named_technologies(one)))
    return (_cut(one) for one in named)


def _around(markup: str, start: int, length: int) -> str:
    """The markup around a place, up to the quotation marks, brackets or spaces on both sides."""
    before = [mark.end() for mark in _END.finditer(markup, max(0, start - _LONGEST), start)]
    behind = _END.search(markup, start + length)
    return _cut(markup[before[-1] if before else start : behind.start() if behind else start + length])


def _cut(stated: str) -> str:
    return stated if len(stated) <= _LONGEST else f"{stated[:_LONGEST]}\u2026"
