"""What to do with a need that meets what is sold: one step for each, with a quote of both sides. Pure.

matches of both sides -> "They are hiring a Security Engineer: show what single sign-on does for that team."
a recommendation      -> 'Write: "You are hiring a Security Engineer: may I show you what single sign-on does ...?"'
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from enrichment.analysis.evidence import Passage
from enrichment.domain.plain_text import with_full_stop
from enrichment.research.answers.question_asked import FOUND, QuestionAsked
from enrichment.research.answers.statements import as_sentence, first_sentence, lines_of
from enrichment.research.claims.claim import BULLETS, CheckedClaim, Citation
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.relevance import RelevanceMatch, VendorRelevance, content_words, words_of_names
from enrichment.research.evidence.themes import themes_in

_RECOMMENDATIONS = 3
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
_OPENINGS = {
    "purchase_intent": "If {need} is a topic for you: may I show you what {offer} does there?",
    "recent_news": "I read: {need}. May I show you what {offer} does there?",
    "hiring_trends": "You are hiring {a} {need}: may I show you what {offer} does for that team?",
    "tech_stack": "You run {need}: may I show you how {offer} works with it?",
    "topic_results": "I read: {need}. May I show you what {offer} does there?",
    "page_passages": "I read: {need}. May I show you what {offer} does there?",
}
"""Dataset of what a company needs -> the sentence with which to begin a message to it."""
_RUNS_IT = "They run {need}: begin with how they use it"
_CLAUSE = re.compile(r",?\s+(?:that|which|who|so that|where)\s|\s*[:(]\s*|\s+[-\u2013\u2014]\s+")


def recommendations(sides: Sides, relevance: VendorRelevance, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if not asked.advice:
        return
    used = set[str]()
    for match in (*_of_topic(sides, asked), *relevance.matches):
        if match.need in used or len(used) >= _RECOMMENDATIONS or match.needed.dataset not in _STEPS:
            continue  # what a company says of itself is no need
        used.add(match.need)
        need, offer = match.need.lstrip(BULLETS), match.offer.lstrip(BULLETS)
        step = _filled(_STEPS, match, sides)
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


def opening_of(advice: CheckedClaim, sides: Sides) -> CheckedClaim | None:
    """The sentence to write that rests on what a recommendation does; None: no message begins with its kind of need."""
    need, *offers = advice.citations
    if need.passage.dataset not in _OPENINGS or not offers:
        return None
    match = RelevanceMatch("", offers[0].passage, need.passage, offers[0].quote, need.quote, "")
    return replace(advice, text=f'Write: "{_filled(_OPENINGS, match, sides)}"')


def _filled(sentences: Mapping[str, str], match: RelevanceMatch, sides: Sides) -> str:
    need = match.need.lstrip(BULLETS).rstrip(".")
    an = "an" if need[:1].casefold() in "aeiou" else "a"
    return sentences[match.needed.dataset].format(a=an, need=need, offer=_named_offer(match, sides))


def _of_topic(sides: Sides, asked: QuestionAsked) -> Iterator[RelevanceMatch]:
    """Where the seller asks how to sell for a topic: what was found on it, and what they sell."""
    persona = next((one for one in sides.vendor_evidence.passages if one.dataset == PERSONA), None)
    pieces = [one for one in sides.evidence.passages if one.dataset in FOUND]
    if persona is None or not pieces or not asked.topic_words:
        return
    lines = [(one, line) for one in pieces for line in lines_of(one)]
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
    """The one of several products that meets the need, without the clause that says what it does."""
    sells = _CLAUSE.split(sells, maxsplit=1)[0]
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
    return with_full_stop(as_sentence(passage, line, name) or line)


def _first_line(text: str) -> str:
    return text.split("\n", maxsplit=1)[0].rstrip(".")
