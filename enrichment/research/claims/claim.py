"""Claims and their citations: what of a model's answer is borne out, sentence by sentence, and how exactly. Pure.

    raw answer + Sides -> CheckedClaim ... | DroppedClaim ...        exact: the quote is in the evidence as written
                                                                     normalised: but for white space, quotes or case
                                                                     read: from a reply that writes it in another form

The quote that is kept is always the text of the evidence itself. A recommendation needs a quote of each side.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from enrichment.analysis.answer_schemas import Cited, PrioritisedContact
from enrichment.analysis.citations import SHORTEST_QUOTE, check_citations
from enrichment.analysis.claim_words import is_about_another, word_set
from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.json_values import Json
from enrichment.domain.plain_text import plain_words, with_full_stop
from enrichment.domain.values import Contact
from enrichment.identity.names import name_words
from enrichment.parsing.assertions import sentence_of
from enrichment.research.claims.leaked_instructions import repeats
from enrichment.research.claims.model_answers import ResearchAnswer, VendorRecommendation
from enrichment.research.claims.same_actor import has_same_actor
from enrichment.research.claims.supported_by_quote import advises_no_more, says_no_more
from enrichment.research.evidence.event_days import event_day
from enrichment.research.evidence.passages import PERSONA, Sides
from enrichment.research.evidence.relevance import (
    have_in_common,
    is_offer,
    meets_what_is_sold,
    what_is_sold,
    words_of_names,
)

ClaimVerdict = Literal["exact", "normalised", "read"]
ClaimKind = Literal["finding", "person", "recommendation"]
_KIND_OF_FIELD: Mapping[str, ClaimKind] = {
    "findings": "finding", "people": "person", "recommendations": "recommendation",
}  # fmt: skip
_SAME = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’‚", "'") | dict.fromkeys("–—", "-"))
BULLETS = "-•*· "
"""What a line of a list begins with; it is no part of what is said."""
_QUOTE_VENDOR = "what the vendor offers is not in its evidence"
_BEYOND = "it says more than its quote: that is shown as it is"
_TELL_OF_OTHERS = frozenset(
    {"recent_news", "website_passages", "topic_results", "page_passages", "competitor_mentions", "purchase_intent"}
)
_NO_OFFER = "what it quotes of the vendor is news, a vacancy or a customer, and no offer"
_NOTHING_IN_COMMON = "what the company needs and what the vendor offers have nothing in common"
_NOT_SOLD = "what both sides have in common is not what the seller sells"
_SHORT_VENDOR = "the quote of what the vendor offers is too short"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote of stored evidence.

    read_from: what in the stored reply its value was read from, if it was. url: of the result it was read from, where
    the value has none.
    """

    side: Literal["company", "vendor"]
    company_key: str
    passage: Passage
    quote: str
    verdict: ClaimVerdict = "exact"
    read_from: str | None = None
    url: str | None = None

    def as_json(self) -> dict[str, Json]:
        fact = self.passage.facts[0]
        return {
            "side": self.side,
            "company": self.company_key,
            "evidence_id": f"{fact.reply_id}#{fact.evidence}",
            "quote": self.quote,
            "verdict": self.verdict,
            "evidence": self.passage.text,
            "read_from": self.read_from,
            "dataset": self.passage.dataset,
            "source": fact.source,
            "reply_id": fact.reply_id,
            "place": fact.evidence,
            "url": getattr(fact.value, "url", None) or self.url,
            "page": getattr(fact.value, "page", None),
            "heading": getattr(fact.value, "heading", None),
            "dated": None if (day := event_day(fact.value)) is None else day.isoformat(),
            "collected_at": fact.collected_at.isoformat(),
            "reliability": round(fact.reliability, 3),
            "last_resort": fact.last_resort,
        }


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """One sentence of an answer, with all that bears it out. verdict: of the least exact of its quotes.

    derived: how it follows from all of its citations together; None: it says what one of them says.
    """

    kind: ClaimKind
    text: str
    verdict: ClaimVerdict
    citations: tuple[Citation, ...]
    why: str | None = None
    derived: Literal["count", "comparison"] | None = None

    def as_json(self, claim_id: str) -> dict[str, Json]:
        return {
            "id": claim_id,
            "kind": self.kind,
            "text": self.text,
            "why": self.why,
            "company": self.citations[0].company_key,
            "verdict": self.verdict,
            "derived": self.derived,
            "citations": [one.as_json() for one in self.citations],
        }


@dataclass(frozen=True, slots=True)
class DroppedClaim:
    """text: as the model wrote it, shortened."""

    kind: ClaimKind
    text: str
    quote: str
    because: str


def checked(
    answer: ResearchAnswer, sides: Sides, *, instructions: str
) -> tuple[list[CheckedClaim], list[DroppedClaim]]:
    """The claims that may be shown, findings first; then those that may not, and why.

    instructions: what the model was told; of a claim that repeats them nothing is shown.
    """
    kept: list[CheckedClaim] = []
    dropped: list[DroppedClaim] = []
    for field, kind in _KIND_OF_FIELD.items():
        said: set[str] = set()
        for item in answer.items(field):
            if repeats(" ".join(str(text) for _, text in item), instructions):
                dropped.append(DroppedClaim(kind, "", "", "it repeats what the model was told"))
                continue
            outcome = _claim(field, kind, item, sides)
            if isinstance(outcome, CheckedClaim) and plain_words(outcome.text) in said:
                outcome = _dropped(kind, item, "it was stated before")
            if isinstance(outcome, CheckedClaim):
                said.add(plain_words(outcome.text))
                kept.append(outcome)
                dropped += _said_beyond(outcome, item)
            else:
                dropped.append(outcome)
    return kept, dropped


def _claim(field: str, kind: ClaimKind, item: Cited, sides: Sides) -> CheckedClaim | DroppedClaim:
    verbatim, verdict = _verbatim(item.quote, item.evidence_id, sides.evidence)
    if verbatim is not None:
        item = item.model_copy(update={"quote": verbatim})
    alone = ResearchAnswer(findings=[], people=[], recommendations=[]).model_copy(update={field: [item]})
    result = check_citations(alone, sides.evidence, sides.names)
    if result.dropped:
        return _dropped(kind, item, next(iter(result.reasons)))
    (sound,) = result.answer.items(field)
    passage = sides.of_company(sound.evidence_id)
    assert passage is not None  # noqa: S101  the check found it there
    quote = sound.quote if sound.quote in passage.text else _found(sound.quote, passage.text) or sound.quote
    cited = Citation("company", sides.company.key, passage, quote, verdict)
    if isinstance(sound, VendorRecommendation):
        return _recommended(sound, cited, sides)
    return CheckedClaim(kind, _borne_out(sound, cited, sides), verdict, (cited,))


def _recommended(item: VendorRecommendation, need: Citation, sides: Sides) -> CheckedClaim | DroppedClaim:
    """The recommendation with the quote of what the vendor offers."""
    theirs = sides.of_vendor(item.vendor_evidence_id)
    found, how = _verbatim(item.vendor_quote, item.vendor_evidence_id, sides.vendor_evidence)
    if theirs is None or found is None:
        return _dropped("recommendation", item, _QUOTE_VENDOR)
    own = words_of_names((*sides.names, sides.vendor.name or "", sides.vendor.domain or ""))
    because = None
    if len(found) < SHORTEST_QUOTE and found not in theirs.text.split("\n"):
        because = _SHORT_VENDOR
    elif not is_offer(theirs, found, own):
        because = _NO_OFFER
    citations = (need, Citation("vendor", sides.vendor.key, theirs, found, how))
    text, why = _advice(item, citations, sides)
    is_ours = plain_words(text) != plain_words(item.recommendation)
    is_name = need.passage.dataset == "tech_stack"
    if is_ours and not have_in_common(found, need.quote, own, is_name=is_name):
        because = because or _NOTHING_IN_COMMON
    if not meets_what_is_sold(found, need.quote, what_is_sold(sides.vendor_evidence, own)):
        because = because or _NOT_SOLD
    if because is not None:
        return _dropped("recommendation", item, because)
    return CheckedClaim("recommendation", text, need.verdict if how == "exact" else how, citations, why)


def _borne_out(item: Cited, citation: Citation, sides: Sides) -> str:
    """The model's sentence; where that says more than its quote, the quote itself."""
    own, passage = _name_words(*sides.names), citation.passage
    if isinstance(item, PrioritisedContact):
        value = passage.facts[0].value
        title = (isinstance(value, Contact) and value.title) or ""
        why = item.why if says_no_more(item.why, [passage.text], own=own) else title
        return with_full_stop(f"{item.full_name}: {why}" if why else item.full_name)
    text, around = with_full_stop(item.sentence), sentence_of(citation.quote, passage.text)
    of_another = passage.dataset in _TELL_OF_OTHERS and is_about_another(
        citation.quote, [text], own=own, shown=sides.shown
    )
    if not of_another and _is_told(text, around, passage.dataset, own, sides):
        return text
    return with_full_stop(_as_told(citation, own, sides))


def _is_told(text: str, around: str, dataset: str, own: Collection[str], sides: Sides) -> bool:
    """Whether the sentence around a quote says all that a sentence says, and of the same company."""
    same = dataset not in _TELL_OF_OTHERS or has_same_actor(text, around, own=own, shown=sides.shown)
    return same and says_no_more(text, [around], own=own, dataset=dataset)


def _as_told(citation: Citation, own: Collection[str], sides: Sides) -> str:
    """The quote; where it is only a part of what is said ("say that ..."), the whole sentence."""
    around = sentence_of(citation.quote, citation.passage.text)
    tells_of_others = citation.passage.dataset in _TELL_OF_OTHERS
    is_part = tells_of_others and not has_same_actor(citation.quote, around, own=own, shown=sides.shown)
    return around if is_part else citation.quote


def _advice(item: VendorRecommendation, citations: Sequence[Citation], sides: Sides) -> tuple[str, str]:
    """The model's sentence and reason; where they say more than both sides do, what is offered, and what is needed."""
    vendor = sides.vendor.name or sides.vendor.key
    own = _name_words(*sides.names, vendor, sides.vendor.domain or "")
    of_seller = [passage.text for passage in sides.vendor_evidence.passages if passage.dataset == PERSONA]
    quotes = [*(one.passage.text for one in citations), *of_seller]
    need, offer = citations
    text = with_full_stop(item.recommendation)
    if not advises_no_more(text, quotes, own=own, shown=sides.shown):
        text = with_full_stop(f"Bring up what {vendor} offers: {offer.quote}")
    around = sentence_of(need.quote, need.passage.text)
    is_borne_out = _is_told(item.why, around, need.passage.dataset, _name_words(*sides.names), sides)
    return text, item.why if is_borne_out else with_full_stop(_as_told(need, _name_words(*sides.names), sides))


def _said_beyond(claim: CheckedClaim, item: Cited) -> list[DroppedClaim]:
    """What the model wrote, where the claim is another sentence."""
    written = item.recommendation if isinstance(item, VendorRecommendation) else _sentence_of(item)
    is_same = plain_words(written) == plain_words(claim.text) and (claim.why is None or claim.why == _reason(item))
    return [] if is_same else [_dropped(claim.kind, item, _BEYOND)]


def _sentence_of(item: Cited) -> str:
    if isinstance(item, PrioritisedContact):
        return f"{item.full_name}: {item.why}" if item.why else item.full_name
    return item.sentence


def _reason(item: Cited) -> str | None:
    return item.why if isinstance(item, VendorRecommendation) else None


def _name_words(*names: str) -> frozenset[str]:
    return frozenset[str]().union(*(word_set(name) | set(name_words(name)) for name in names))


def _verbatim(quote: str, evidence_id: str, evidence: Evidence) -> tuple[str | None, ClaimVerdict]:
    """The passage's own text that the quote means; None: it is not in it."""
    piece = next((one for one in evidence.passages if one.evidence_id == evidence_id), None)
    if piece is None or not quote.strip():
        return None, "normalised"
    quote = quote.strip()
    quote = quote.lstrip(BULLETS) or quote
    if quote in piece.text:
        return quote, "exact"
    return _found(quote, piece.text), "normalised"


def _found(quote: str, text: str) -> str | None:
    """The part of the text that reads the same but for white space, quotation marks, dashes and case."""
    words = [re.escape(word) for word in plain(quote).split()]
    if not words:
        return None
    alike, places = _plain_with_places(text)
    match = re.search(r"\s+".join(words), alike)
    return None if match is None else text[places[match.start()] : places[match.end() - 1] + 1]


def plain(text: str) -> str:
    """The text without the differences that a quote may have: quotation marks, dashes, case."""
    return unicodedata.normalize("NFC", text).translate(_SAME).lower()


def _plain_with_places(text: str) -> tuple[str, Sequence[int]]:
    """The plain text with each letter's place; if its lower case is two letters, both have that place."""
    letters = [(low, at) for at, letter in enumerate(text) for low in letter.translate(_SAME).lower()]
    return "".join(low for low, _ in letters), [at for _, at in letters]


def _dropped(kind: ClaimKind, item: Cited, because: str) -> DroppedClaim:
    text = item.person or (item.recommendation if isinstance(item, VendorRecommendation) else item.sentence)
    return DroppedClaim(kind, text[:240], item.quote[:240], because)


def in_order(claims: Sequence[CheckedClaim]) -> Iterator[tuple[str, CheckedClaim]]:
    """Each claim with its id in the answer: c1, c2, ..."""
    return ((f"c{number}", claim) for number, claim in enumerate(claims, start=1))
