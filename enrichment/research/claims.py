"""Claims and their citations: what of a model's answer is borne out, sentence by sentence, and how exactly. Pure.

    raw answer + Sides -> CheckedClaim ... | DroppedClaim ...        exact: the quote is in the evidence as written
                                                                     normalised: but for white space, quotes or case

The quote that is kept is always the text of the evidence itself. A recommendation needs a quote of each side.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from enrichment.analysis.answer_schemas import Cited, PrioritisedContact
from enrichment.analysis.citations import SHORTEST_QUOTE, check_citations
from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.records import Json
from enrichment.domain.values import FoundPassage, IntentSignal, JobPosting, NewsItem, Value
from enrichment.research.evidence import Sides
from enrichment.research.leaked_instructions import repeats
from enrichment.research.model_answers import ResearchAnswer, VendorRecommendation

ClaimVerdict = Literal["exact", "normalised"]
ClaimKind = Literal["finding", "person", "recommendation"]
_KIND_OF_FIELD: Mapping[str, ClaimKind] = {
    "findings": "finding", "people": "person", "recommendations": "recommendation",
}  # fmt: skip
_SAME = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’‚", "'") | dict.fromkeys("–—", "-"))
_QUOTE_VENDOR = "what the vendor offers is not in its evidence"
_SHORT_VENDOR = "the quote of what the vendor offers is too short"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote of stored evidence. text: the whole passage. place: of the stored reply."""

    side: Literal["company", "vendor"]
    company_key: str
    passage: Passage
    quote: str

    def as_json(self) -> dict[str, Json]:
        fact = self.passage.facts[0]
        return {
            "side": self.side,
            "company": self.company_key,
            "evidence_id": f"{fact.reply_id}#{fact.evidence}",
            "quote": self.quote,
            "evidence": self.passage.text,
            "dataset": self.passage.dataset,
            "source": fact.source,
            "reply_id": fact.reply_id,
            "place": fact.evidence,
            "url": getattr(fact.value, "url", None),
            "page": getattr(fact.value, "page", None),
            "heading": getattr(fact.value, "heading", None),
            "dated": event_day(fact.value),
            "collected_at": fact.collected_at.isoformat(),
            "reliability": round(fact.reliability, 3),
            "last_resort": fact.last_resort,
        }


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """One sentence of an answer, with all that bears it out. verdict: of the least exact of its quotes."""

    kind: ClaimKind
    text: str
    verdict: ClaimVerdict
    citations: tuple[Citation, ...]
    why: str | None = None

    def as_json(self, claim_id: str) -> dict[str, Json]:
        return {
            "id": claim_id,
            "kind": self.kind,
            "text": self.text,
            "why": self.why,
            "company": self.citations[0].company_key,
            "verdict": self.verdict,
            "citations": [one.as_json() for one in self.citations],
        }


@dataclass(frozen=True, slots=True)
class DroppedClaim:
    """text: as the model wrote it, shortened."""

    kind: ClaimKind
    text: str
    quote: str
    because: str


def event_day(value: Value) -> str | None:
    """The day of what happened, as its source states it; None: it states none."""
    match value:
        case NewsItem() | FoundPassage():
            return None if value.published_at is None else value.published_at.date().isoformat()
        case JobPosting():
            return None if value.posted_on is None else value.posted_on.isoformat()
        case IntentSignal():
            return None if value.observed_on is None else value.observed_on.isoformat()
    return None


def checked(
    answer: ResearchAnswer, sides: Sides, *, instructions: str
) -> tuple[list[CheckedClaim], list[DroppedClaim]]:
    """All that may be said, findings first; all that may not, and why.

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
            if isinstance(outcome, CheckedClaim) and _gist(outcome.text) in said:
                outcome = _dropped(kind, item, "it was stated before")
            if isinstance(outcome, CheckedClaim):
                said.add(_gist(outcome.text))
                kept.append(outcome)
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
    citations = [Citation("company", sides.company.key, passage, quote)]
    if isinstance(sound, VendorRecommendation):
        theirs = sides.of_vendor(sound.vendor_evidence_id)
        found, how = _verbatim(sound.vendor_quote, sound.vendor_evidence_id, sides.vendor_evidence)
        if theirs is None or found is None:
            return _dropped(kind, item, _QUOTE_VENDOR)
        if len(found) < SHORTEST_QUOTE and found not in theirs.text.split("\n"):
            return _dropped(kind, item, _SHORT_VENDOR)
        citations.append(Citation("vendor", sides.vendor.key, theirs, found))
        verdict = verdict if how == "exact" else how
    return CheckedClaim(kind, _sentence(sound), verdict, tuple(citations), _why(sound))


def _verbatim(quote: str, evidence_id: str, evidence: Evidence) -> tuple[str | None, ClaimVerdict]:
    """The passage's own text that the quote means; None: it is not in it."""
    piece = next((one for one in evidence.passages if one.evidence_id == evidence_id), None)
    if piece is None or not quote.strip():
        return None, "normalised"
    if quote in piece.text:
        return quote, "exact"
    return _found(quote, piece.text), "normalised"


def _found(quote: str, text: str) -> str | None:
    """The part of the text that reads the same but for white space, quotation marks, dashes and case."""
    words = [re.escape(word) for word in _plain(quote).split()]
    if not words:
        return None
    plain, places = _plain_with_places(text)
    match = re.search(r"\s+".join(words), plain)
    return None if match is None else text[places[match.start()] : places[match.end() - 1] + 1]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(_SAME).lower()


def _plain_with_places(text: str) -> tuple[str, Sequence[int]]:
    """The same, letter for letter; where the lower case of one letter is two, both are at its place."""
    letters = [(low, at) for at, letter in enumerate(text) for low in letter.translate(_SAME).lower()]
    return "".join(low for low, _ in letters), [at for _, at in letters]


def _sentence(item: Cited) -> str:
    match item:
        case PrioritisedContact():
            return _finished(item.full_name if not item.why else f"{item.full_name}: {item.why}")
        case VendorRecommendation():
            return _finished(item.recommendation)
    return _finished(item.sentence)


def _why(item: Cited) -> str | None:
    return item.why if isinstance(item, VendorRecommendation) else None


def _finished(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _dropped(kind: ClaimKind, item: Cited, because: str) -> DroppedClaim:
    text = item.person or (item.recommendation if isinstance(item, VendorRecommendation) else item.sentence)
    return DroppedClaim(kind, text[:240], item.quote[:240], because)


def _gist(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def in_order(claims: Sequence[CheckedClaim]) -> Iterator[tuple[str, CheckedClaim]]:
    """Each with its id in the answer: c1, c2, ..."""
    return ((f"c{number}", claim) for number, claim in enumerate(claims, start=1))
