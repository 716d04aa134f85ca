"""Which items of a model's answer stay: those that the passage they quote bears out.

check_citations(answer, evidence, own_names) -> CheckedAnswer: the answer without the others, dropped ones by reason

    the quote, word for word, in one piece -> more than the company's own name -> its people, names, numbers and dates
    -> not denied, and no other kind of event
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Literal, TypeVar

from enrichment.analysis.answer_schemas import AnalysisAnswer, Cited
from enrichment.analysis.claim_words import (
    gist,
    is_about_another,
    is_named_in,
    is_proper_name,
    known_words,
    months_in,
    names_missing_in,
    numbers_in,
    only_names,
    with_other_forms,
    word_set,
)
from enrichment.analysis.evidence import Evidence, Passage
from enrichment.analysis.orders import speaks_to_a_model
from enrichment.domain.plain_text import on_one_line
from enrichment.domain.values import Contact, JobPosting, NewsItem, identity
from enrichment.identity.names import name_words
from enrichment.parsing.assertions import denies, events_in, is_another_event, is_turned_round, sentence_of

SHORTEST_QUOTE = 12  # characters; a shorter quote counts only if it is a whole line of the evidence
IDENTITY_DATASETS = frozenset({"company_name", "domain"})  # they state which company is meant, and nothing of it
NAMELESS_DATASETS = frozenset({"industry", "employee_count"})  # they name no other company, product or technology
_COMPETES = re.compile(r"\b(?:compet|rival)", re.IGNORECASE)

DropReason = Literal[
    "the quote is not in the evidence",
    "the quote is too short",
    "the quote only names the company",
    "what it names is not in the evidence",
    "it states nothing",
    "the person is no known contact",
    "it contradicts the known contact",
    "what it names is not in its quote",
    "what it names is no name",
    "the quote is about another company",
    "a number or date is not in its quote",
    "the quote denies it",
    "the quote speaks to the model",
    "the quote is of another kind of event",
    "it was stated before",
]
_Answer = TypeVar("_Answer", bound=AnalysisAnswer)


@dataclass(frozen=True, slots=True)
class CheckedAnswer(Generic[_Answer]):
    """kept, dropped: counts of items. reasons: why items were dropped -> how many."""

    answer: _Answer
    kept: int
    dropped: int
    reasons: Mapping[str, int] = field(default_factory=dict)


def check_citations(
    answer: _Answer, evidence: Evidence, own_names: Collection[str], *, asked: str = ""
) -> CheckedAnswer[_Answer]:
    """The answer without items that the evidence does not bear out; an item that is stated twice stays once.

    own_names: what the company is called; the pieces of its name and domain are added to them. asked: the whole
    question, with what it states of an audience.
    """
    check = _Check(evidence, own_names, asked)
    kept = {name: [*check.confirmed(answer.items(name))] for name in type(answer).model_fields}
    return CheckedAnswer(
        answer.model_copy(update=kept),
        kept=sum(len(items) for items in kept.values()),
        dropped=check.reasons.total(),
        reasons=dict(check.reasons),
    )


class _Check:
    """One answer's items against the pieces it was made from."""

    def __init__(self, evidence: Evidence, own_names: Collection[str], asked: str) -> None:
        passages = evidence.passages
        naming = [p.text for p in passages if p.dataset in IDENTITY_DATASETS]
        self.own = frozenset[str]().union(*(word_set(n) | set(name_words(n)) for n in (*own_names, *naming)))
        self.pieces = {p.evidence_id: p for p in passages if p.dataset not in IDENTITY_DATASETS}
        self.lines = {name: p.text.split("\n") for name, p in self.pieces.items()}
        self.whole = {name: " ".join(lines) for name, lines in self.lines.items()}
        self.contacts = {identity(f.value): f.value for f in evidence.facts if isinstance(f.value, Contact)}
        self.texts = [passage.text for passage in passages]
        self.shown = "\n".join(self.texts)
        self.asked = asked
        self.reasons: Counter[str] = Counter()

    def confirmed(self, items: list[Cited]) -> Iterator[Cited]:
        stated: set[str] = set()
        for item in items:
            piece = self._piece_of(item)
            wrong = self._wrong(item, piece)
            key = self._key(item)
            if wrong is None and key in stated:
                wrong = "it was stated before"
            if wrong is None and piece is not None:
                stated.add(key)
                yield item.model_copy(update={"evidence_id": piece.evidence_id})
            elif wrong is not None:
                self.reasons[wrong] += 1

    def _key(self, item: Cited) -> str:
        """Equal for items that state the same: names by their own words, sentences by their gist."""
        words = " ".join(sorted(word_set(item.subject)))
        if item.named is not None:
            return " ".join(name_words(item.named)) or words
        return words if item.person is not None else gist(item.subject, self.own) or words

    def _piece_of(self, item: Cited) -> Passage | None:
        """The piece it names, or else the only one that has the quote."""
        quote = on_one_line(item.quote)
        having = [name for name, text in self.whole.items() if quote and quote in text]
        if item.evidence_id in having:
            return self.pieces[item.evidence_id]
        return self.pieces[having[0]] if len(having) == 1 else None

    def _wrong(self, item: Cited, piece: Passage | None) -> DropReason | None:
        quote = on_one_line(item.quote)
        if item.person is None and quote and only_names(quote, self.own):
            return "the quote only names the company"
        if piece is None:
            return "the quote is not in the evidence"
        if len(quote) < SHORTEST_QUOTE and quote not in self.lines[piece.evidence_id]:
            return "the quote is too short"
        if any(value == "" for _, value in item) or (item.person is None and only_names(item.subject, self.own)):
            return "it states nothing"
        if any(len(text.split()) == 1 and text not in quote for text in (*item.facts_stated, *item.reasons_stated)):
            return "it states nothing"
        return self._wrong_person(item, piece) or self._not_in_quote(item, piece, quote)

    def _wrong_person(self, item: Cited, piece: Passage) -> DropReason | None:
        if item.person is None:
            return None
        known = self.contacts.get(identity(Contact(full_name=item.person)))
        if not isinstance(known, Contact) or not is_named_in(item.person, self.whole[piece.evidence_id]):
            return "the person is no known contact"
        seniority = getattr(item, "seniority", None)
        if seniority and known.seniority and seniority != known.seniority:
            return "it contradicts the known contact"
        return None

    def _not_in_quote(self, item: Cited, piece: Passage, quote: str) -> DropReason | None:
        return (
            self._wrong_name(item, piece, quote)
            or self._wrong_number(item, piece, quote)
            or _wrong_assertion(item, sentence_of(item.quote, piece.text))
        )

    def _wrong_name(self, item: Cited, piece: Passage, quote: str) -> DropReason | None:
        if item.named is not None and not is_named_in(item.named, quote):
            return "what it names is not in its quote"
        if item.named is not None and self._is_no_name(item.named, piece, quote):
            return "what it names is no name"
        if self._is_about_another(item, piece, quote):
            return "the quote is about another company"
        quoted = known_words(quote)
        if any(names_missing_in(quoted, text, own=self.own, shown=self.shown) for text in item.facts_stated):
            return "what it names is not in its quote"
        known = self._words_asked | known_words(item.subject) if item.reasons_stated else frozenset[str]()
        if any(names_missing_in(known, text, own=self.own, shown=self.shown) for text in item.reasons_stated):
            return "what it names is not in the evidence"
        return None

    def _wrong_number(self, item: Cited, piece: Passage, quote: str) -> DropReason | None:
        numbers = numbers_in(with_other_forms(quote)) | self._own_numbers
        months = months_in(quote).union(months_in(piece.text), *map(months_in, _days(piece)))
        stated = (*item.facts_stated, *item.reasons_stated)
        if any(not numbers_in(text) <= numbers or not months_in(text) <= months for text in stated):
            return "a number or date is not in its quote"
        day = item.day
        if day is not None and not numbers_in(day.isoformat()) <= numbers and day.isoformat() not in _days(piece):
            return "a number or date is not in its quote"
        return None

    def _is_no_name(self, name: str, piece: Passage, quote: str) -> bool:
        """A word of the sentence, or of the form around it; in a list of technologies a name may be written small."""
        if piece.dataset in NAMELESS_DATASETS or self._is_of_the_form(name, piece):
            return True
        return piece.dataset != "tech_stack" and not is_proper_name(name, quote)

    def _is_of_the_form(self, name: str, piece: Passage) -> bool:
        """The title or the place of a posting, or the label of a line: 'Data Engineer', 'Oslo', 'Posted'."""
        postings = [fact.value for fact in piece.facts if isinstance(fact.value, JobPosting)]
        titles = {on_one_line(posting.title).casefold() for posting in postings}
        places = {part.strip() for posting in postings for part in (posting.location or "").casefold().split(",")}
        labels = {line.partition(":")[0].casefold() for line in self.lines[piece.evidence_id] if ": " in line}
        return name.casefold() in titles | places | (labels if piece.dataset == "hiring_trends" else set())

    def _is_about_another(self, item: Cited, piece: Passage, quote: str) -> bool:
        """A story is about others too; a claim on another company needs a quote on that company."""
        if piece.dataset != "recent_news" or item.named is not None or item.person is not None:
            return False
        return is_about_another(quote, (*item.facts_stated, *item.reasons_stated), own=self.own, shown=self.shown)

    @cached_property
    def _words_asked(self) -> frozenset[str]:
        """The words of all evidence and of the question: read once for an answer, not for each claim of it."""
        return known_words(self.asked).union(*map(known_words, self.texts))

    @cached_property
    def _own_numbers(self) -> frozenset[str]:
        """The numbers in the company's own name, such as 3M."""
        return frozenset().union(*(numbers_in(word) for word in self.own))


def _wrong_assertion(item: Cited, sentence: str) -> DropReason | None:
    """sentence: that of the piece which the quote is from; the words beside a quote may deny it."""
    if speaks_to_a_model(sentence):
        return "the quote speaks to the model"
    named = item.named if item.named_is_in_use or _COMPETES.search(sentence) else None
    stated = [text for text in item.facts_stated if text]
    if (named and denies(sentence, named)) or any(is_turned_round(text, sentence) for text in stated):
        return "the quote denies it"
    reported = events_in(sentence)
    kind_is_wrong = item.kind_of_event is not None and reported and item.kind_of_event not in reported
    if kind_is_wrong or any(is_another_event(text, sentence) for text in stated):
        return "the quote is of another kind of event"
    return None


def _days(piece: Passage) -> set[str]:
    """The day a story or posting was published: its vendor reports it beside the text."""
    values = [fact.value for fact in piece.facts]
    news = {v.published_at.date().isoformat() for v in values if isinstance(v, NewsItem) and v.published_at}
    return news | {v.posted_on.isoformat() for v in values if isinstance(v, JobPosting) and v.posted_on}
