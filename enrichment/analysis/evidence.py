"""What a language model is given to read: which facts, as which text, under which key the answer is remembered.

    facts that hold -> pieces e1, e2, ... that fit the room -> the prompt;  their texts + prompt + model -> evidence_key

Ids follow from the texts alone, so an answer from memory cites the same pieces as a new one would.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from enrichment.domain.records import Fact
from enrichment.domain.values import (
    Claim,
    Contact,
    EmployeeCount,
    IntentSignal,
    JobPosting,
    NewsItem,
    Technology,
    Text,
    Value,
)

_OUR_TAGS = re.compile(r"<(?=[\s/]*(?:evidence|audience|company)\b)", re.IGNORECASE)
_LAYOUT = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_PARTS, _SHORTEST_CUT = (
    12,
    200,
)  # when all does not fit, a piece is cut to this share of the room, and to no fewer bytes
_UNNUMBERED = "e0000"  # as long as any id will be, so that sizes hold


@dataclass(frozen=True, slots=True)
class Piece:
    """One text to cite. facts: all that say exactly this, the most reliable first; the first one is shown as source."""

    evidence_id: str
    dataset: str
    text: str
    facts: tuple[Fact, ...]

    def rendered(self) -> str:
        head = f'<evidence id="{self.evidence_id}" source="{self.facts[0].source}" dataset="{self.dataset}">'
        return f"{head}\n{self.text}\n</evidence>"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The pieces in the order of their ids; left_out: how many did not fit."""

    pieces: tuple[Piece, ...] = ()
    left_out: int = 0

    @property
    def texts(self) -> Mapping[str, str]:
        return {piece.evidence_id: piece.text for piece in self.pieces}

    @property
    def datasets(self) -> frozenset[str]:
        return frozenset(piece.dataset for piece in self.pieces)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(fact for piece in self.pieces for fact in piece.facts)


def normalised(text: str) -> str:
    """Unicode NFC, without control and invisible characters; one space between words, one break between lines."""
    visible = "\n".join(_visible(line) for line in unicodedata.normalize("NFC", text).split("\n"))
    return "\n".join(line for line in (" ".join(line.split()) for line in visible.split("\n")) if line)


def on_one_line(text: str) -> str:
    return " ".join(normalised(text).split())


def as_data(text: str) -> str:
    """Normalised, with whatever looks like one of our own tags made harmless."""
    return _OUR_TAGS.sub("‹", normalised(text))


def shortened(text: str, most: int) -> str:
    """At most so many bytes, ending with a whole word where there is one."""
    data = text.encode()
    if len(data) <= most:
        return text
    kept = data[:most].decode("utf-8", "ignore")
    words = re.sub(r"\s\S*$", "", kept)
    return (words or kept).rstrip()


def select_evidence(facts: Iterable[Fact], *, reads: Sequence[str], room: int) -> Evidence:
    """Of the facts of these datasets, what fits into `room` bytes of UTF-8 once rendered.

    Every dataset has its turn: first the best piece of each, then the second best. Last resorts, the less reliable and
    the older go first. If not all fits, long texts are cut before any piece is left out.
    """
    pieces = _pieces(facts, reads)
    if _bytes(piece.rendered() + "\n" for piece in pieces) > room:
        most = max(room // _PARTS, _SHORTEST_CUT)
        pieces = _merged([(p.dataset, shortened(p.text, most), p.facts) for p in pieces])
    chosen: list[Piece] = []
    left = room
    for piece in _in_turns(pieces, reads):
        size = _bytes([piece.rendered() + "\n"])
        if size <= left:
            chosen.append(piece)
            left -= size
    return Evidence(_numbered(chosen, reads), len(pieces) - len(chosen))


def render_prompt(evidence: Evidence, *, subject: str, audience: str | None) -> str:
    """What stands after the instructions: the company, for whom it is written, the pieces."""
    parts = [f"<company>{on_one_line(as_data(subject))}</company>"]
    if audience is not None:
        parts.append(f"<audience>\n{as_data(audience)}\n</audience>")
    return "\n".join((*parts, *(piece.rendered() for piece in evidence.pieces)))


def evidence_key(
    evidence: Evidence,
    *,
    subject: str,
    audience: str | None,
    instructions: str,
    model: str,
    answer_type: str,
    version: int,
    schema: Mapping[str, object],
) -> str:
    """Equal for questions that would be answered alike. Order, time of collection and vendor do not count."""
    texts = sorted((piece.dataset, piece.text) for piece in evidence.pieces)
    asked = [texts, as_data(subject), audience and as_data(audience), instructions, model, answer_type, version, schema]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def fact_text(value: Value) -> str:
    """A value as evidence: what it speaks of in the first line. No addresses of people: no analysis needs them."""
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
        case _:
            lines = (value.model_dump_json(),)
    return "\n".join(line for line in lines if line)


def _visible(line: str) -> str:
    return line if line.isprintable() else "".join(_visible_of(line))


def _visible_of(text: str) -> Iterable[str]:
    for character in text:
        if character in _LAYOUT:
            yield "\t" if character == "\t" else "\n"
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"):
            yield character


def _pieces(facts: Iterable[Fact], reads: Sequence[str]) -> list[Piece]:
    wanted = [fact for fact in facts if fact.dataset in reads]
    return _merged([(fact.dataset, as_data(fact_text(fact.value)), (fact,)) for fact in wanted])


def _merged(said: Iterable[tuple[str, str, tuple[Fact, ...]]]) -> list[Piece]:
    """One piece for each text, however many vendors say it."""
    facts: dict[tuple[str, str], list[Fact]] = {}
    for dataset, text, sayers in said:
        if text:
            facts.setdefault((dataset, text), []).extend(sayers)
    return [
        Piece(_UNNUMBERED, dataset, text, tuple(sorted(sayers, key=lambda f: (f.last_resort, -f.quality, f.source))))
        for (dataset, text), sayers in facts.items()
    ]


def _in_turns(pieces: Iterable[Piece], reads: Sequence[str]) -> list[Piece]:
    queues: dict[str, list[Piece]] = {dataset: [] for dataset in reads}
    for piece in sorted(pieces, key=_worth, reverse=True):
        queues[piece.dataset].append(piece)
    turns = [(turn, reads.index(d), piece) for d, queue in queues.items() for turn, piece in enumerate(queue)]
    return [piece for _, _, piece in sorted(turns, key=lambda entry: entry[:2])]


def _worth(piece: Piece) -> tuple[bool, float, datetime, str]:
    best = piece.facts[0]
    return not best.last_resort, best.quality, max(_moment(fact) for fact in piece.facts), piece.text


def _moment(fact: Fact) -> datetime:
    """When what it speaks of happened, else when it was collected."""
    match fact.value:
        case NewsItem(published_at=datetime() as at):
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        case JobPosting(posted_on=date() as day) | IntentSignal(observed_on=date() as day):
            return datetime.combine(day, time(), UTC)
        case _:
            return fact.collected_at


def _numbered(pieces: Iterable[Piece], reads: Sequence[str]) -> tuple[Piece, ...]:
    ordered = sorted(pieces, key=lambda piece: (reads.index(piece.dataset), piece.text))
    return tuple(Piece(f"e{n}", p.dataset, p.text, p.facts) for n, p in enumerate(ordered, start=1))


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
