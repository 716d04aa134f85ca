"""Who competes with a company, as result pages name them: {'search': body} -> names, each with the passage.

'Acme vs Initech: which is better?'                       -> Initech
'Alternatives to Acme include Initech, Umbrella and Hooli' -> Initech, Umbrella, Hooli

Only what is written as a name, in a passage that names the company too: a passage about another one's rivals shows
nothing. Which of them really compete, the analysis `competition` says.
"""

import re
from collections.abc import Iterator, Mapping

from enrichment.domain.data_tables import rows_of
from enrichment.domain.values import CompetitorMention
from enrichment.parsing.json_access import entries, member, text, url
from enrichment.parsing.reader_types import ParsedValue, ReaderEntry, ReaderInput

_VERSUS = re.compile(r"\s+(?:vs\.?|versus)\s+", re.IGNORECASE)
_LISTS = re.compile(
    r"\b(?:alternatives?|competitors?|rivals?|similar|options|consider|considered|compared? (?:it |them )?(?:with|to)|"
    r"compet(?:es|ing) (?:with|against)|switch(?:ed|ing)? (?:from|to))\b",
    re.IGNORECASE,
)
_BEFORE_NAMES = re.compile(r"\b(?:include|includes|including|are|is|like|such as|namely)\b|:|(?<=\s)(?=[A-Z])")
_WITHIN = 80  # characters between the word for a list and its first name
_NAME = r"[A-Z0-9À-Ý][\w&'’.+-]*(?:\s+(?:&\s+|of\s+)?[A-Z0-9À-Ý][\w&'’.+-]*){0,3}"
_NAMES = re.compile(rf"\s*(?:the\s+)?({_NAME})\s*([,;]\s*(?:and|or)\b|,|;|/|\band\b|\bor\b|&)?")
_ENDS = re.compile(r"\s*(?:[|:–—?!(]|\s-\s|\.\.\.|…).*$")
_NO_NAMES = frozenset(word for (word,) in rows_of("enrichment.parsing", "no_competitor_words"))
_MOST_OF_A_PASSAGE = 8
_BLOCKS = ("organic_results", "related_questions")


def read_mentions(reply: ReaderInput) -> Iterator[ParsedValue]:
    """Competitors' names, each once for each passage that has it."""
    for step in ("search", "page_2"):
        for block in _BLOCKS:
            for position, row in entries(member(reply.payload.get(step), block)):
                yield from _mentions(row, f"{step}.{block}[{position}]", reply)


def _mentions(row: Mapping[str, object], path: str, reply: ReaderInput) -> Iterator[ParsedValue]:
    title = text(row.get("title"), 300) or text(row.get("question"), 300)
    said = text(row.get("snippet"), 2_000)
    if not reply.is_named_in(title, said):
        return
    link, named = url(row.get("link")), text(row.get("source"), 300)
    in_title = [*_in_comparison(title or "", reply), *_in_lists(title or "", reply)]
    in_text = [] if said is None else [*_in_comparison(said, reply), *_in_lists(said, reply, title or "")]
    places = dict.fromkeys(in_title, f"{path}.title") | dict.fromkeys(in_text, f"{path}.snippet")
    for name, place in list(places.items())[:_MOST_OF_A_PASSAGE]:
        mention = CompetitorMention(name=name, heading=title if said else None, text=said or title or name, url=link,
                                    publisher=named)  # fmt: skip
        yield ParsedValue("competitor_mentions", mention, 1.0, place)


def _in_comparison(said: str, reply: ReaderInput) -> list[str]:
    """The others in 'Acme vs Initech vs Hooli'; none where the company is not among those compared."""
    parts = [_ENDS.sub("", part) for part in _VERSUS.split(said)]
    if len(parts) < 2:
        return []
    first = re.search(rf"({_NAME})\s*$", parts[0])
    sides = [first[1] if first else "", *(_beginning(part) for part in parts[1:])]
    if not any(reply.is_called(side) for side in sides):
        return []
    return [name for side in sides if (name := _as_name(side, reply))]


def _beginning(part: str) -> str:
    found = re.match(_NAME, part)
    return found[0] if found else ""


def _in_lists(said: str, reply: ReaderInput, title: str = "") -> list[str]:
    """title: it says whose alternatives are listed, where the sentence itself does not."""
    found: list[str] = []
    for sentence in re.split(r"(?<=[a-z0-9)][.!?])\s+(?=[A-Z])", said):
        if not reply.is_named_in(sentence) and not (reply.is_named_in(title) and _LISTS.search(title)):
            continue
        for listed in _LISTS.finditer(sentence):
            rest = sentence[listed.end() :]
            starts = (before.end() for before in _BEFORE_NAMES.finditer(rest[:_WITHIN]))
            found += next((names for start in starts if (names := _listed(rest[start:], reply))), [])
    return list(dict.fromkeys(found))


def _listed(rest: str, reply: ReaderInput) -> list[str]:
    """The names with which a text begins, one after another."""
    names: list[str] = []
    at = 0
    while (found := _NAMES.match(rest, at)) is not None:
        if name := _as_name(found[1], reply):
            names.append(name)
        at = found.end()
        if not found[2]:
            break
    return names


def _as_name(written: str, reply: ReaderInput) -> str | None:
    words = written.strip(" .,'’-").split()
    while words and words[0].casefold() in _NO_NAMES:
        words = words[1:]
    while words and words[-1].casefold().strip(".,") in _NO_NAMES:
        words = words[:-1]
    name = " ".join(words).strip(" .,'’-")
    if len(name) < 2 or not re.search(r"[^\W\d_]", name) or reply.is_called(name) or reply.is_named_in(name):
        return None
    return name


READERS: Mapping[str, ReaderEntry] = {
    "serp_alternatives": ReaderEntry(read_mentions, version=1),
    "serp_reviews": ReaderEntry(read_mentions, version=1),
}
