"""The evidence a language model is given: which facts, as which text, and the key of the stored answer.

    fresh facts -> passages e1, e2, ... of at most so many bytes -> the prompt
    their texts + prompt + model -> evidence_key

Ids follow from the texts alone, so a stored answer cites the same passages as a new one would.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import chain, zip_longest

from enrichment.analysis.relevance import rank, ranked_for_each
from enrichment.domain.knowledge import Fact
from enrichment.domain.plain_text import normalised, on_one_line
from enrichment.domain.values import (
    Claim,
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
    Text,
    Value,
    WebsitePassage,
    in_words,
)

_OUR_TAGS = re.compile(r"<(?=[\s/]*(?:evidence|audience|company|question|seller|vendor)\b)", re.IGNORECASE)
_SHARE = 12  # when not all fits, a passage is cut to one part in so many of the bytes there are
_SHORTEST_CUT = 200  # bytes; no passage is cut to fewer
_REMEMBERED = 2_048  # texts: all analyses of a company read the same facts, and each claim the same few passages
_UNNUMBERED = "e0000"  # as long as any id will be, so that sizes do not change


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to cite. facts: all with exactly this text, the most reliable first; its source is the one shown."""

    evidence_id: str
    dataset: str
    text: str
    facts: tuple[Fact, ...]

    def rendered(self) -> str:
        head = f'<evidence id="{self.evidence_id}" source="{self.facts[0].source}" dataset="{self.dataset}">'
        return f"{head}\n{self.text}\n</evidence>"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages in the order of their ids. omitted: those that did not fit. cut: of how many only a part did."""

    passages: tuple[Passage, ...] = ()
    omitted: tuple[Passage, ...] = ()
    cut: int = 0

    @property
    def left_out(self) -> int:
        return len(self.omitted)

    @property
    def texts(self) -> Mapping[str, str]:
        return {passage.evidence_id: passage.text for passage in self.passages}

    @property
    def datasets(self) -> frozenset[str]:
        return frozenset(passage.dataset for passage in self.passages)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(fact for passage in self.passages for fact in passage.facts)


@lru_cache(maxsize=_REMEMBERED)
def as_data(text: str) -> str:
    """Normalised, with everything that looks like one of our own tags made harmless."""
    return _OUR_TAGS.sub("‹", normalised(text))


def shortened(text: str, most: int) -> str:
    """The text, cut to at most so many bytes, ending with a whole word where there is one."""
    data = text.encode()
    if len(data) <= most:
        return text
    kept = data[:most].decode("utf-8", "ignore")
    words = re.sub(r"\s\S*$", "", kept)
    return (words or kept).rstrip()


def select_evidence(
    facts: Iterable[Fact],
    *,
    reads: Sequence[str],
    most_bytes: int,
    bytes_each: int = 0,
    about: str = "",
    questions: Sequence[str] = (),
) -> Evidence:
    """The facts of these datasets that fit into so many bytes of UTF-8 once rendered.

    bytes_each: what a passage takes besides, wherever its id is named. about: what is asked, in words. questions: each
    asked by itself.

    First the best passage of each dataset, then the second best of each, and so on. Last resorts, less reliable and
    older passages are the first to be left out; of one dataset's, those with the least to do with what is asked. With
    questions, every second place is for what bears on one of them most, whatever its dataset. Long texts are cut before
    any passage is left out.
    """
    passages = whole = _passages(facts, reads)
    fits = _bytes(passage.rendered() + "\n" for passage in passages) + bytes_each * len(passages) <= most_bytes
    if not fits:
        cut_to = max(most_bytes // _SHARE, _SHORTEST_CUT)
        passages = _merged([(p.dataset, shortened(p.text, cut_to), p.facts) for p in passages])
    chosen: list[Passage] = []
    left = most_bytes
    in_order = _in_rounds(_by_relevance(passages, "" if fits else about), reads)
    for passage in in_order if fits else _questions_first(in_order, questions):
        size = _bytes([passage.rendered() + "\n"]) + bytes_each
        if size <= left:
            chosen.append(passage)
            left -= size
    taken, uncut = {id(passage) for passage in chosen}, {passage.text for passage in whole}
    omitted = tuple(passage for passage in in_order if id(passage) not in taken)
    return Evidence(_numbered(chosen, reads), omitted, sum(passage.text not in uncut for passage in chosen))


def render_prompt(evidence: Evidence, *, subject: str, audience: str | None) -> str:
    """The text after the instructions: the company, the audience, the passages."""
    parts = [f"<company>{on_one_line(as_data(subject))}</company>"]
    if audience is not None:
        parts.append(f"<audience>\n{as_data(audience)}\n</audience>")
    return "\n".join((*parts, *(passage.rendered() for passage in evidence.passages)))


def evidence_key(
    evidence: Evidence,
    *,
    subject: str,
    audience: str | None,
    instructions: str,
    model: str,
    answer_type: str,
    schema: Mapping[str, object],
) -> str:
    """Equal for questions with the same answer. Order, time of collection and vendor do not count."""
    texts = sorted((passage.dataset, passage.text) for passage in evidence.passages)
    asked = [texts, as_data(subject), audience and as_data(audience), instructions, model, answer_type, schema]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def fact_text(value: Value) -> str:
    """A value as evidence, its name or title in the first line. Without addresses of people: no analysis needs them."""
    lines: tuple[str | None, ...]
    match value:
        case Text(text=text) | Claim(statement=text):
            lines = (text,)
        case EmployeeCount():
            lines = (_headcount(value),)
        case Contact():
            lines = (value.full_name, value.title, _labelled("Seniority", value.seniority), value.department)
        case Technology():
            lines = (value.name, value.category)
        case NewsItem():
            lines = (value.title, value.publisher, _day(value.published_at), value.summary)
        case JobPosting():
            lines = (value.title, value.location, _labelled("Posted", _day(value.posted_on)), value.text)
        case IntentSignal():
            strength = None if value.strength is None else f"{value.strength:.2f} of 1"
            lines = (value.topic, _labelled("Strength", strength), _labelled("Observed", _day(value.observed_on)))
        case WebsitePassage(heading=heading, text=text) | CompetitorMention(heading=heading, text=text):
            lines = (heading, text)
        case FoundPassage():
            lines = (value.heading, value.publisher, _day(value.published_at), value.text)
        case _:
            lines = (_in_one_line(value),)
    return "\n".join(line for line in lines if line)


def _in_one_line(value: Value) -> str:
    if isinstance(value, Headquarters | Founded | Revenue):
        return in_words(value.model_dump(mode="json"))
    return value.model_dump_json()


def _passages(facts: Iterable[Fact], reads: Sequence[str]) -> list[Passage]:
    wanted = [fact for fact in facts if fact.dataset in reads]
    return _merged([(fact.dataset, as_data(fact_text(fact.value)), (fact,)) for fact in wanted])


def _merged(texts: Iterable[tuple[str, str, tuple[Fact, ...]]]) -> list[Passage]:
    """One passage for each text, however many facts have it."""
    facts: dict[tuple[str, str], list[Fact]] = {}
    for dataset, text, sources in texts:
        if text:
            facts.setdefault((dataset, text), []).extend(sources)
    return [
        Passage(_UNNUMBERED, dataset, text, tuple(sorted(sources, key=lambda f: (f.last_resort, -f.quality, f.source))))
        for (dataset, text), sources in facts.items()
    ]


def _by_relevance(passages: Iterable[Passage], about: str) -> list[Passage]:
    """Last resorts behind all others, then what bears on the question, then what is worth more."""
    worthy = sorted(passages, key=_worth, reverse=True)
    if not about:
        return worthy
    ranked = [one.passage for one in rank(worthy, about)]
    return sorted(ranked, key=lambda passage: passage.facts[0].last_resort)


def _questions_first(in_order: Sequence[Passage], questions: Sequence[str]) -> list[Passage]:
    """Alternates what bears most on one of the questions, last resorts aside, with what is next in the order."""
    sure = [passage for passage in in_order if not passage.facts[0].last_resort]
    telling = ranked_for_each(sure, questions)
    both = chain.from_iterable(zip_longest(telling, in_order))
    return list({id(passage): passage for passage in both if passage is not None}.values())


def _in_rounds(passages: Iterable[Passage], reads: Sequence[str]) -> list[Passage]:
    queues: dict[str, list[Passage]] = {dataset: [] for dataset in reads}
    for passage in passages:
        queues[passage.dataset].append(passage)
    ranked = [(rank, reads.index(d), passage) for d, queue in queues.items() for rank, passage in enumerate(queue)]
    return [passage for _, _, passage in sorted(ranked, key=lambda entry: entry[:2])]


def _worth(passage: Passage) -> tuple[bool, float, datetime, str]:
    best = passage.facts[0]
    return not best.last_resort, best.quality, max(_moment(fact) for fact in passage.facts), passage.text


def _moment(fact: Fact) -> datetime:
    """When the event of the fact happened, else when the fact was collected."""
    match fact.value:
        case NewsItem(published_at=datetime() as at):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        case JobPosting(posted_on=date() as day) | IntentSignal(observed_on=date() as day):
            return datetime.combine(day, time(), UTC)
        case _:
            return fact.collected_at


def _numbered(passages: Iterable[Passage], reads: Sequence[str]) -> tuple[Passage, ...]:
    ordered = sorted(passages, key=lambda passage: (reads.index(passage.dataset), passage.text))
    return tuple(Passage(f"e{n}", p.dataset, p.text, p.facts) for n, p in enumerate(ordered, start=1))


def _bytes(texts: Iterable[str]) -> int:
    return sum(len(text.encode()) for text in texts)


def _headcount(count: EmployeeCount) -> str:
    if count.high is None:
        return f"{count.low:,} or more employees"
    return f"{count.low:,} employees" if count.low == count.high else f"{count.low:,} to {count.high:,} employees"


def _labelled(label: str, text: str | None) -> str | None:
    return f"{label}: {text}" if text else None


def _day(moment: date | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d")
