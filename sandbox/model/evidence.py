"""The pieces of evidence in a prompt, and which of them are about a field of an answer.

<evidence id="e1" source="serp_news" dataset="recent_news"> lines </evidence>  ->  Piece
citations(prompt, "events") -> Citation(piece, verbatim quote), the most relevant first; data/answer_fields.csv decides
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sandbox.companies.catalogue import read_data
from sandbox.model.words import sentences_in

LONGEST_QUOTE = 200
_BLOCK = re.compile(r"<evidence\b([^>]*)>\n?(.*?)</evidence>", re.DOTALL)
_COMPANY = re.compile(r"<company>(.*?)</company>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_IDENTIFIES = frozenset({"company_name", "domain"})
"""Datasets that only say which company is meant."""


@dataclass(frozen=True)
class Piece:
    """One block of evidence. lines: its text, at least one."""

    evidence_id: str
    source: str
    dataset: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Citation:
    """A passage of a piece, word for word."""

    piece: Piece
    quote: str

    @property
    def evidence_id(self) -> str:
        return self.piece.evidence_id


NOTHING = Citation(Piece("", "", "", ("",)), "")


@dataclass(frozen=True)
class _Relevance:
    """Pieces of this dataset are about a field, if they contain one of the words. lines: how many a quote takes."""

    dataset: str
    words: tuple[str, ...]
    lines: int


def pieces_in(prompt: str) -> list[Piece]:
    """Every block with text, in the order of the prompt."""
    found = []
    for head, text in _BLOCK.findall(prompt):
        about = dict(_ATTRIBUTE.findall(head))
        lines = tuple(line.strip() for line in text.splitlines() if line.strip())
        if lines:
            found.append(Piece(about.get("id", ""), about.get("source", ""), about.get("dataset", ""), lines))
    return found


def citations(prompt: str) -> list[Citation]:
    """Every line of every piece that says something of the company, first lines first."""
    telling = _telling(prompt)
    longest = max((len(piece.lines) for piece in telling), default=0)
    return [
        Citation(piece, shortened(piece.lines[at]))
        for at in range(longest)
        for piece in telling
        if at < len(piece.lines)
    ]


def relevant(prompt: str, field: str) -> list[Citation] | None:
    """What to cite for a list of this name, the most relevant first, each piece once; None: no list that is known."""
    wanted = _fields().get(field)
    if wanted is None:
        return None
    cited: dict[str, Citation] = {}
    for piece, quote in _matches(_telling(prompt), wanted):
        if quote not in (kept.quote for kept in cited.values()):
            cited.setdefault(piece.evidence_id, Citation(piece, quote))
    return list(cited.values())


def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of these stands in the text by itself, in whatever case."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words)


def shortened(text: str) -> str:
    """The text's beginning, up to a whole word."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE + 1].rpartition(" ")[0] or text[:LONGEST_QUOTE]


def _telling(prompt: str) -> list[Piece]:
    """The pieces without those that only name the company, unless there are no others."""
    found, named = pieces_in(prompt), _COMPANY.search(prompt)
    name = "" if named is None else named[1].strip()
    telling = [piece for piece in found if piece.dataset not in _IDENTIFIES and piece.text != name]
    return telling or found


def _matches(pieces: list[Piece], wanted: tuple[_Relevance, ...]) -> Iterator[tuple[Piece, str]]:
    for relevance in wanted:
        for piece in pieces:
            if piece.dataset != relevance.dataset:
                continue
            for passage in _passages(piece, relevance.lines):
                if not relevance.words or has_word(_searched(piece, passage), relevance.words):
                    yield piece, passage


def _passages(piece: Piece, lines: int) -> list[str]:
    """The piece's first lines, or where that is a text of several sentences, each of them."""
    if piece.dataset == "website_passages":  # a heading, then a text of any number of lines
        return [sentence for line in piece.lines[1:] for sentence in _sentences(line)]
    if piece.dataset == "competitor_mentions":  # a title, then a text
        return [sentence for line in piece.lines for sentence in _sentences(line)]
    return _sentences("\n".join(piece.lines[:lines]))


def _sentences(head: str) -> list[str]:
    sentences = sentences_in(head)
    return [shortened(sentence) for sentence in sentences]


def _searched(piece: Piece, passage: str) -> str:
    """The text in which words are searched: of a person, all that is known of them."""
    return piece.text if piece.dataset == "key_contacts" else passage


@cache
def _fields() -> dict[str, tuple[_Relevance, ...]]:
    fields: dict[str, tuple[_Relevance, ...]] = {}
    for row in read_data("answer_fields.csv"):
        words = tuple(word for word in row["words"].split("|") if word)
        fields[row["field"]] = (*fields.get(row["field"], ()), _Relevance(row["dataset"], words, int(row["lines"])))
    return fields
