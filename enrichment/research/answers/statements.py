"""What a line of the evidence says, as a sentence about the company. Pure.

passage + line -> CheckedClaim: "Acme has an open position: Analyst.", "Acme, Team: 86 USD a month."
"""

import re
from dataclasses import replace

from enrichment.analysis.evidence import Passage
from enrichment.domain.plain_text import plain_words, with_full_stop
from enrichment.domain.values import (
    CompetitorMention,
    EmployeeCount,
    Founded,
    FoundPassage,
    Headquarters,
    IntentSignal,
    JobPosting,
    NewsItem,
    Revenue,
    Technology,
    WebsitePassage,
)
from enrichment.research.claims.claim import BULLETS, CheckedClaim, Citation
from enrichment.research.evidence.passages import Sides
from enrichment.research.questions.to_the_point import is_of_customers

_ABBREVIATIONS = frozenset(
    {
        "st",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "inc",
        "ltd",
        "corp",
        "co",
        "no",
        "vs",
        "jr",
        "sr",
        "mt",
        "ft",
        "dept",
        "u.s",
    }
)
"""What a stop belongs to, where it ends no sentence."""
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their)\b", re.IGNORECASE)
_SAID = {
    JobPosting: "{name} has an open position: {line}",
    Technology: "{name} uses {line}",
    IntentSignal: "{name} is looking into {line}",
    EmployeeCount: "{name} has {line}",
    Revenue: "{name} has a yearly revenue of {line}",
    Headquarters: "{name} has its headquarters in {line}",
    Founded: "{name} was founded in {line}",
    NewsItem: "{line}",
}


def stated(sides: Sides, passage: Passage, line: str) -> CheckedClaim:
    """What a line of a passage says, as a sentence about the company."""
    quote = line.lstrip(BULLETS)
    text = _as_row(quote, sides.names[0]) or as_sentence(passage, quote, sides.names[0])
    if text is None:
        text = quote = first_sentence(quote)
    cited: tuple[Citation, ...] = (Citation("company", sides.company.key, passage, quote),)
    title = passage.text.partition("\n")[0]
    if isinstance(passage.facts[0].value, JobPosting) and title not in (quote, line):
        text = f"{sides.names[0]}, {title}: {quote}"
        cited = (*cited, Citation("company", sides.company.key, passage, title))
    return CheckedClaim("finding", with_full_stop(text), "exact", cited)


def in_full(claim: CheckedClaim, name: str) -> CheckedClaim:
    """The claim as a sentence about the company, where it only repeats its quote."""
    cited = claim.citations[0]
    if claim.kind != "finding" or plain_words(claim.text) != plain_words(cited.quote):
        return replace(claim, text=claim.text.lstrip(BULLETS))
    quote = cited.quote.lstrip(BULLETS)
    text = _as_row(quote, name) or as_sentence(cited.passage, quote, name)
    return replace(claim, text=with_full_stop(text or quote))


def lines_of(passage: Passage) -> list[str]:
    """A text line by line, without its heading; of any other value its first line."""
    value, lines = passage.facts[0].value, passage.text.split("\n")
    if isinstance(value, WebsitePassage | FoundPassage | CompetitorMention):
        return lines[-len(value.text.split("\n")) :]
    return lines[:1]


def first_sentence(line: str) -> str:
    """The line up to a full stop that ends a sentence: not that of 'St. Louis', 'Inc. in' or 'No. 5'."""
    for stop in re.finditer(r"(?<=[\w)][.!?])\s+(?=[A-Z0-9\"'(])", line):
        before = line[: stop.start()].rstrip(".").rpartition(" ")[2]
        if before.casefold() not in _ABBREVIATIONS and len(before) > 1:
            return line[: stop.start()]
    return line


def _as_row(line: str, name: str) -> str | None:
    """'| Team | 86 USD a month |' -> 'Acme, Team: 86 USD a month'; None: it is no row of a table."""
    if not line.startswith("|"):
        return None
    first, *others = [cell.strip() for cell in line.strip("|").split("|")]
    return f"{name}, {first}: {', '.join(others)}" if others else f"{name}, {first}"


def as_sentence(passage: Passage, line: str, name: str) -> str | None:
    """None: its first sentence as it is."""
    if passage.dataset == "industry":
        return f"{name} works in {line}"
    said = _SAID.get(type(passage.facts[0].value))
    if isinstance(passage.facts[0].value, JobPosting) and line != passage.text.partition("\n")[0]:
        return None
    heading = getattr(passage.facts[0].value, "heading", None)
    if heading and is_of_customers(passage) and line.casefold().startswith(heading.casefold()):
        said = "A customer of {name}: {line}"
    return _with_subject(line, name) if said is None else said.format(name=name, line=line)


def _with_subject(line: str, name: str) -> str | None:
    """'Acme: Buyers compare it with Bly.'; None: it says of which company it is, or of none."""
    is_named = name.split(maxsplit=1)[0].casefold() in line.casefold()
    return f"{name}: {line}" if _PRONOUN.search(line) and not is_named else None
