"""An answer without a model: the most telling pieces of evidence, word for word, each a claim of its own. Pure.

    Sides + areas + roles asked for + relevance -> findings, people, recommendations

It serves where the model fails, may not be paid any more, or is not needed: what is asked is in the evidence as it is.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enrichment.analysis.evidence import Passage
from enrichment.domain.plain_text import plain_words, with_full_stop
from enrichment.domain.values import (
    CompetitorMention,
    Contact,
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
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.relevance import RelevanceMatch, VendorRelevance, content_words, words_of_names
from enrichment.research.evidence.themes import themes_in, themes_of_title
from enrichment.research.questions.to_the_point import Point, is_of_customers

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
_EACH, _NARROW = 3, 8
_PEOPLE = 3
_RECOMMENDATIONS = 3
_FOUND = ("topic_results", "page_passages")
_STEPS = {
    "purchase_intent": "They are looking into {need}: offer {offer}",
    "recent_news": 'Open with "{need}" and offer {offer}',
    "hiring_trends": "They are hiring {a} {need}: show what {offer} does for that team",
    "tech_stack": "They run {need}: show how {offer} works beside it",
    "topic_results": 'Take up "{need}" and offer {offer}',
    "page_passages": 'Take up "{need}" and offer {offer}',
}
"""Dataset of what a company needs -> the step to take."""
NEEDS = frozenset(_STEPS)
_RUNS_IT = "They run {need}: begin with how they use it"
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
_SENIORITY = {"c_level": 0, "vp": 1, "director": 2, "manager": 3, "staff": 4, None: 5}


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """What an answer is composed for. datasets: that the question is about. roles: words of titles that it asks for.

    words, topic_words: stems of the question, and of its topics. point: of a narrow question. advice: whether it asks
    what to do.
    """

    datasets: frozenset[str]
    roles: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    topic_words: frozenset[str] = frozenset()
    point: Point | None = None
    advice: bool = True

    def in_order(self, datasets: Iterable[str]) -> list[str]:
        """What was found on a topic of the question first."""
        found = [one for one in datasets if one in self.datasets and one != "key_contacts"]
        return sorted(found, key=lambda one: not (self.topic_words and one in _FOUND))


def composed(sides: Sides, relevance: VendorRelevance, asked: QuestionAsked) -> list[CheckedClaim]:
    """The claims of an answer; for a narrow question no more than it asks."""
    claims = [*_findings(sides, asked), *_people(sides, asked)]
    claims += _recommendations(sides, relevance, asked)
    return list({(claim.kind, claim.text): claim for claim in reversed(claims)}.values())[::-1]


def fits_role(passage: Passage, roles: Collection[str]) -> bool:
    value = passage.facts[0].value
    title = (value.title or "").casefold() if isinstance(value, Contact) else ""
    return any(re.search(rf"(?<!\w){re.escape(role)}(?!\w)", title) for role in roles)


def _findings(sides: Sides, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if asked.point is not None:
        yield from _to_the_point(sides, asked, asked.point)
        return
    for dataset in asked.in_order(dict.fromkeys(passage.dataset for passage in sides.evidence.passages)):
        pieces = [one for one in sides.evidence.passages if one.dataset == dataset]
        ranked = sorted(pieces, key=lambda one: (-len(asked.words & content_words(one.text)), *_order(one, sides)))
        for passage in ranked[:_EACH]:
            yield stated(sides, passage, _line_of(passage, asked.words))


def _to_the_point(sides: Sides, asked: QuestionAsked, point: Point) -> Iterator[CheckedClaim]:
    """Line by line, those that say what is asked most directly first; each line once."""
    found = dict[str, tuple[tuple[Any, ...], Passage]]()
    for at, passage in enumerate(_without_ranges(sides.evidence.passages)):
        for number, line in enumerate((*_lines_of(passage), *_sentences_naming(passage, point.named))):
            rank = point.rank(passage, line)
            if rank is not None and passage.dataset != "key_contacts" and not _is_of_headings(line):
                shared = -len(asked.words & content_words(line))
                found.setdefault(line, ((rank, shared, *_order(passage, sides), at, number), passage))
    ranked = sorted(found.items(), key=lambda one: one[1][0])
    for line, (_, passage) in ranked[:_NARROW]:
        yield stated(sides, passage, line)


def _without_ranges(passages: Sequence[Passage]) -> list[Passage]:
    """The passages without ranges of headcounts, where there is an exact one."""
    counts = [one for one in passages if isinstance(one.facts[0].value, EmployeeCount)]
    exact = [one for one in counts if not is_range(one)]
    return [one for one in passages if one not in counts or one in (exact or counts)]


def is_range(passage: Passage) -> bool:
    value = passage.facts[0].value
    return isinstance(value, EmployeeCount) and value.low != value.high


def _order(passage: Passage, sides: Sides) -> tuple[float, ...]:
    """Exact numbers before ranges; what bears on what is sold first; then the newest."""
    value = passage.facts[0].value
    if isinstance(value, EmployeeCount):
        return (float(is_range(passage)), 0.0)
    fits = isinstance(value, Technology | IntentSignal) and not _sold(sides).keys().isdisjoint(themes_in(passage.text))
    return (float(not fits), -_moment(passage))


def _sold(sides: Sides) -> Mapping[str, int]:
    """Themes of what is sold, in order: of what the seller says, else of what the vendor's pages say."""
    said = [one for one in sides.vendor_evidence.passages if one.dataset == PERSONA]
    themes = dict.fromkeys(theme for one in said for theme in themes_in(one.text))
    return {theme: at for at, theme in enumerate(themes)}


def _lines_of(passage: Passage) -> list[str]:
    """A text line by line, without its heading; of any other value its first line."""
    value, lines = passage.facts[0].value, passage.text.split("\n")
    if isinstance(value, WebsitePassage | FoundPassage | CompetitorMention):
        return lines[-len(value.text.split("\n")) :]
    return lines[:1]


def _sentences_naming(passage: Passage, names: Collection[str]) -> list[str]:
    """The sentences of a posting's text with one of these names."""
    value = passage.facts[0].value
    if not names or not isinstance(value, JobPosting) or not value.text:
        return []
    parts = [part for line in passage.text.split("\n")[1:] for part in re.split(r"(?<=[\w)][.!?;]) +(?=[A-Z])", line)]
    return [part for part in parts if any(name in part.casefold() for name in names)]


def _line_of(passage: Passage, wanted: Collection[str]) -> str:
    """The one with most of the words."""
    return max(_lines_of(passage), key=lambda line: len(content_words(line).intersection(wanted)))


def _is_of_headings(line: str) -> bool:
    """The first row of a table."""
    return line.startswith("|") and not any(letter.isdigit() for letter in line)


def stated(sides: Sides, passage: Passage, line: str) -> CheckedClaim:
    """What a line of a passage says, as a sentence about the company."""
    quote = line.lstrip("-•*· ")
    text = _as_row(quote, sides.names[0]) or _as_sentence(passage, quote, sides.names[0])
    if text is None:
        text = quote = first_sentence(quote)
    return CheckedClaim(
        "finding", with_full_stop(text), "exact", (Citation("company", sides.company.key, passage, quote),)
    )


def _as_row(line: str, name: str) -> str | None:
    """'| Team | 86 USD a month |' -> 'Acme, Team: 86 USD a month'; None: it is no row of a table."""
    if not line.startswith("|"):
        return None
    first, *others = [cell.strip() for cell in line.strip("|").split("|")]
    return f"{name}, {first}: {', '.join(others)}" if others else f"{name}, {first}"


def first_sentence(line: str) -> str:
    """The line up to a full stop that ends a sentence: not that of 'St. Louis', 'Inc. in' or 'No. 5'."""
    for stop in re.finditer(r"(?<=[\w)][.!?])\s+(?=[A-Z0-9\"'(])", line):
        before = line[: stop.start()].rstrip(".").rpartition(" ")[2]
        if before.casefold() not in _ABBREVIATIONS and len(before) > 1:
            return line[: stop.start()]
    return line


def _as_sentence(passage: Passage, line: str, name: str) -> str | None:
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


def in_full(claim: CheckedClaim, name: str) -> CheckedClaim:
    """The claim as a sentence about the company, where it only repeats its quote."""
    cited = claim.citations[0]
    if claim.kind != "finding" or plain_words(claim.text) != plain_words(cited.quote):
        return claim
    quote = cited.quote.lstrip("-•*· ")
    text = _as_row(quote, name) or _as_sentence(cited.passage, quote, name)
    return claim if text is None else replace(claim, text=with_full_stop(text))


def _people(sides: Sides, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if "key_contacts" not in asked.datasets:
        return
    pieces = [one for one in sides.evidence.passages if one.dataset == "key_contacts"]
    fitting = [one for one in pieces if fits_role(one, asked.roles)] if asked.roles else pieces
    for passage in sorted(fitting, key=lambda one: contact_rank(one, sides))[:_PEOPLE]:
        yield _person(passage, sides, because_of_role=bool(asked.roles))


def contact_rank(passage: Passage, sides: Sides) -> tuple[int, int, str]:
    """First those whose work what is sold is for, then by rank."""
    value = passage.facts[0].value
    title = (value.title or "") if isinstance(value, Contact) else ""
    sold = _sold(sides)
    fits = min((sold[theme] for theme in themes_of_title(title) if theme in sold), default=len(sold))
    return fits, _SENIORITY[value.seniority if isinstance(value, Contact) else None], passage.text


def fits_what_is_sold(passage: Passage, sides: Sides) -> bool:
    return contact_rank(passage, sides)[0] < len(_sold(sides))


def _person(passage: Passage, sides: Sides, *, because_of_role: bool) -> CheckedClaim:
    lines = passage.text.split("\n")
    title = getattr(passage.facts[0].value, "title", None)
    quote = "\n".join(lines[:2]) if title and len(lines) > 1 else lines[0]
    text = f"{lines[0]}: {title}" if title else lines[0]
    cited = Citation("company", sides.company.key, passage, quote)
    claim = CheckedClaim("person", with_full_stop(text), "exact", (cited,))
    return claim if because_of_role else with_why(claim, sides)


def with_why(claim: CheckedClaim, sides: Sides) -> CheckedClaim:
    """The claim of a person with the reason: why this one, where the title has to do with what the seller sells."""
    persona = next((one for one in sides.vendor_evidence.passages if one.dataset == PERSONA), None)
    if persona is None or len(claim.citations) > 1 or not fits_what_is_sold(claim.citations[0].passage, sides):
        return claim
    vendor, sells = sides.vendor.name or sides.vendor.key, _first_line(persona.text)
    cited = (*claim.citations, Citation("vendor", sides.vendor.key, persona, persona.text.split("\n", 1)[0]))
    return replace(claim, citations=cited, why=with_full_stop(f"The title fits what {vendor} sells: {sells}"))


def _recommendations(sides: Sides, relevance: VendorRelevance, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if not asked.advice:
        return
    used = set[str]()
    for match in (*_of_topic(sides, asked), *relevance.matches):
        if match.need in used or len(used) >= _RECOMMENDATIONS or match.needed.dataset not in _STEPS:
            continue  # what a company says of itself is no need
        used.add(match.need)
        need, offer = match.need.lstrip("-•*· "), match.offer.lstrip("-•*· ")
        an = "an" if need[:1].casefold() in "aeiou" else "a"
        step = _STEPS[match.needed.dataset].format(a=an, need=need.rstrip("."), offer=_named_offer(match, sides))
        if runs_what_is_sold(match.needed, sides):
            step = _RUNS_IT.format(need=need.rstrip("."))
        yield CheckedClaim(
            "recommendation",
            with_full_stop(step),
            "exact",
            (
                Citation("company", sides.company.key, match.needed, need),
                Citation("vendor", sides.vendor.key, match.offered, offer),
            ),
            why=_why(match.needed, need, sides.names[0]),
        )


def _of_topic(sides: Sides, asked: QuestionAsked) -> Iterator[RelevanceMatch]:
    """Where the seller asks how to sell for a topic: what was found on it, and what they sell."""
    persona = next((one for one in sides.vendor_evidence.passages if one.dataset == PERSONA), None)
    pieces = [one for one in sides.evidence.passages if one.dataset in _FOUND]
    if persona is None or not pieces or not asked.topic_words:
        return
    lines = [(one, line) for one in pieces for line in _lines_of(one)]
    best, line = max(lines, key=lambda one: len(asked.topic_words & content_words(one[1])))
    if asked.topic_words & content_words(line):
        offer = persona.text.split("\n", 1)[0]
        yield RelevanceMatch(" ".join(sorted(asked.topic_words)), persona, best, offer, first_sentence(line), line)


def _named_offer(match: RelevanceMatch, sides: Sides) -> str:
    """What the seller says they sell, a product's heading, or what its page says."""
    offered, vendor = match.offered, sides.vendor.name or sides.vendor.key
    if offered.dataset == PERSONA:
        return _part_of_offer(_first_line(offered.text), match)
    heading = getattr(offered.facts[0].value, "heading", None) or ""
    if len(heading.split()) > 1 and heading.casefold() in match.offer.casefold():
        return heading
    return f"what {vendor} offers: {match.offer.lstrip('-•*· ').rstrip('.')}"


def _part_of_offer(sells: str, match: RelevanceMatch) -> str:
    """The one of several products that meets the need."""
    parts = [part for part in re.split(r",\s+(?:and\s+)?|;\s*|\s+and\s+", sells) if part]
    meets = [one for one in parts if match.word in themes_in(one) or match.word in content_words(one)]
    meets = [one for one in meets if one.casefold() != match.need.casefold()]
    return meets[0] if len(parts) > 1 and meets else sells


def runs_what_is_sold(passage: Passage, sides: Sides) -> bool:
    """Whether it is a technology of the vendor: they are a customer already."""
    if passage.dataset != "tech_stack":
        return False
    own = words_of_names((sides.vendor.name or "", (sides.vendor.domain or "").partition(".")[0]))
    return not own.isdisjoint(words_of_names((passage.text.partition("\n")[0],)))


def _why(passage: Passage, line: str, name: str) -> str:
    return with_full_stop(_as_sentence(passage, line, name) or line)


def _first_line(text: str) -> str:
    return text.split("\n", maxsplit=1)[0].rstrip(".")


def _moment(passage: Passage) -> float:
    value, at = passage.facts[0].value, passage.facts[0].collected_at
    if isinstance(value, NewsItem) and value.published_at is not None:
        return value.published_at.timestamp()
    if isinstance(value, JobPosting) and value.posted_on is not None:
        return float(value.posted_on.toordinal() - 719_163) * 86_400
    return at.timestamp()
