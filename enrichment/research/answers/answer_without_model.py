"""An answer without a model: the most telling pieces of evidence, word for word, each a claim of its own. Pure.

    Sides + areas + roles asked for + relevance -> findings, people, recommendations

It serves where the model fails, may not be paid any more, or is not needed: what is asked is in the evidence as it is.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from enrichment.analysis.evidence import Passage
from enrichment.domain.values import (
    CompetitorMention,
    Contact,
    EmployeeCount,
    FoundPassage,
    IntentSignal,
    JobPosting,
    NewsItem,
    Technology,
    WebsitePassage,
)
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import VendorRelevance, as_written, content_words, line_with

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
_EACH = 3
_PEOPLE = 3
_RECOMMENDATIONS = 2
_STEP = "Bring up what {vendor} offers for {word}"
_STEPS = {
    "recent_news": 'Open with "{need}" and what {vendor} offers for {word}',
    "hiring_trends": "They are hiring a {need}: show what {vendor} offers for {word}",
    "tech_stack": "They run {need}: show what {vendor} offers beside it",
    "purchase_intent": "They are looking into {need}: show what {vendor} offers for {word}",
}
"""Dataset of what a company needs -> the step to take."""
_OF_WHAT_THEY_NEED = frozenset({*_STEPS, "topic_results", "page_passages"})
_SAID = {
    JobPosting: "{name} has an open position: {line}",
    Technology: "{name} uses {line}",
    IntentSignal: "{name} is looking into {line}",
    EmployeeCount: "{name} has {line}",
    NewsItem: "{line}",
}
_SENIORITY = {"c_level": 0, "vp": 1, "director": 2, "manager": 3, "staff": 4, None: 5}


def composed(
    sides: Sides,
    relevance: VendorRelevance,
    *,
    datasets: Collection[str],
    roles: Sequence[str],
    question: str,
) -> list[CheckedClaim]:
    """datasets: those that the question is about. roles: words of titles that it asks for."""
    claims = [*_findings(sides, datasets, question), *_people(sides, datasets, roles)]
    claims += _recommendations(sides, relevance)
    return list({(claim.kind, claim.text): claim for claim in reversed(claims)}.values())[::-1]


def fits_role(passage: Passage, roles: Sequence[str]) -> bool:
    value = passage.facts[0].value
    title = (value.title or "").casefold() if isinstance(value, Contact) else ""
    return any(re.search(rf"(?<!\w){re.escape(role)}(?!\w)", title) for role in roles)


def _findings(sides: Sides, datasets: Collection[str], question: str) -> Iterator[CheckedClaim]:
    wanted = content_words(question)
    for dataset in dict.fromkeys(passage.dataset for passage in sides.evidence.passages):
        if dataset not in datasets or dataset == "key_contacts":
            continue
        pieces = [one for one in sides.evidence.passages if one.dataset == dataset]
        ranked = sorted(pieces, key=lambda one: (-len(wanted & content_words(one.text)), -_moment(one), one.text))
        for passage in ranked[:_EACH]:
            yield from _stated(sides, passage, wanted)


def _stated(sides: Sides, passage: Passage, wanted: Collection[str]) -> Iterator[CheckedClaim]:
    value = passage.facts[0].value
    line = passage.text.split("\n")[0]
    if isinstance(value, WebsitePassage | FoundPassage | CompetitorMention):
        line = _telling_line(passage, len(value.text.split("\n")), wanted)
    line = line.lstrip("-•*· ")
    quote, text = line, _as_sentence(passage, line, sides.names[0])
    if text is None:
        quote = first_sentence(line)
        text = quote
    yield CheckedClaim("finding", _ended(text), "exact", (Citation("company", sides.company.key, passage, quote),))


def first_sentence(line: str) -> str:
    """Up to a stop that ends a sentence: not that of 'St. Louis', 'Inc. in' or 'No. 5'."""
    for stop in re.finditer(r"(?<=[\w)][.!?])\s+(?=[A-Z0-9\"'(])", line):
        before = line[: stop.start()].rstrip(".").rpartition(" ")[2]
        if before.casefold() not in _ABBREVIATIONS and len(before) > 1:
            return line[: stop.start()]
    return line


def _telling_line(passage: Passage, many: int, wanted: Collection[str]) -> str:
    """Of the text below its heading, so many lines: the one with most of the words."""
    lines = passage.text.split("\n")[-many:]
    return max(lines, key=lambda line: len(content_words(line).intersection(wanted)))


def _as_sentence(passage: Passage, line: str, name: str) -> str | None:
    """None: its first sentence as it is."""
    if passage.dataset == "industry":
        return f"{name} works in {line}"
    said = _SAID.get(type(passage.facts[0].value))
    return None if said is None else said.format(name=name, line=line)


def _people(sides: Sides, datasets: Collection[str], roles: Sequence[str]) -> Iterator[CheckedClaim]:
    if "key_contacts" not in datasets:
        return
    pieces = [one for one in sides.evidence.passages if one.dataset == "key_contacts"]
    fitting = [one for one in pieces if fits_role(one, roles)] if roles else pieces
    for passage in sorted(fitting, key=_rank)[:_PEOPLE]:
        lines = passage.text.split("\n")
        title = getattr(passage.facts[0].value, "title", None)
        quote = "\n".join(lines[:2]) if title and len(lines) > 1 else lines[0]
        text = f"{lines[0]}: {title}" if title else lines[0]
        yield CheckedClaim("person", _ended(text), "exact", (Citation("company", sides.company.key, passage, quote),))


def _recommendations(sides: Sides, relevance: VendorRelevance) -> Iterator[CheckedClaim]:
    used: set[str] = set()
    for match in relevance.matches:
        if match.needed.text in used or len(used) >= _RECOMMENDATIONS:
            continue
        if match.needed.dataset not in _OF_WHAT_THEY_NEED:
            continue  # what a company says of itself is no need
        used.add(match.needed.text)
        need, offer = line_with(match.word, match.needed.text), line_with(match.word, match.offered.text)
        vendor, word = sides.vendor.name or sides.vendor.key, as_written(match.word, need)
        text = _STEPS.get(match.needed.dataset, _STEP).format(need=_first_line(need), vendor=vendor, word=word)
        yield CheckedClaim(
            "recommendation",
            _ended(text),
            "exact",
            (
                Citation("company", sides.company.key, match.needed, need),
                Citation("vendor", sides.vendor.key, match.offered, offer),
            ),
            why=_why(match.needed, need, sides.names[0]),
        )


def _why(passage: Passage, line: str, name: str) -> str:
    return _ended(_as_sentence(passage, line, name) or line)


def _first_line(text: str) -> str:
    return text.split("\n", maxsplit=1)[0].rstrip(".")


def _rank(passage: Passage) -> tuple[int, str]:
    value = passage.facts[0].value
    return _SENIORITY[value.seniority if isinstance(value, Contact) else None], passage.text


def _moment(passage: Passage) -> float:
    value, at = passage.facts[0].value, passage.facts[0].collected_at
    if isinstance(value, NewsItem) and value.published_at is not None:
        return value.published_at.timestamp()
    if isinstance(value, JobPosting) and value.posted_on is not None:
        return float(value.posted_on.toordinal() - 719_163) * 86_400
    return at.timestamp()


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
