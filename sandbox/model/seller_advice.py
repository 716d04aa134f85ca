"""What to do next, without a language model: one thing the company does, one thing the vendor offers, and one step.

offers x needs -> pairs that share a telling word, or a theme of themes.csv; the better pair first, each piece once
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.companies.catalogue import read_data
from sandbox.model.evidence import Piece, has_word, shortened
from sandbox.model.words import listed, said, sentences_in, telling_words

_MOST = 3
_LONGEST_NAMED = 110
_MARK = " (sandbox, invented)"
_NEEDS = ("purchase_intent", "recent_news", "topic_results", "page_passages", "hiring_trends", "tech_stack")
"""Datasets that show what a company needs or does, those that say it most plainly first."""
_OF_OTHERS = frozenset({"competitor_mentions", "industry", "company_name", "domain"})
_SELLS_NOTHING = re.compile(
    r"(?:about|careers?|jobs?|news|press|legal|privacy|customers|why us|open positions)\b", re.IGNORECASE
)
_PLAIN_HEADING = re.compile(
    r"(?:about|products?|pricing|prices|plans?|careers?|news|why us|customers|home|welcome)\b.*", re.IGNORECASE
)
_CLAUSE = re.compile(r" (?:that|which|to) .*")
_STEPS = {
    "purchase_intent": "They are looking into {need}: offer {offer}.",
    "recent_news": 'Open with "{need}" and offer {offer}.',
    "hiring_trends": "They are hiring {a} {need}: show what {offer} does for that team.",
    "tech_stack": "They run {need}: show how {offer} works beside it.",
    "topic_results": 'Take up "{need}" and offer {offer}.',
    "page_passages": 'Take up "{need}" and offer {offer}.',
}


@dataclass(frozen=True)
class _Pair:
    need: Piece
    quote: str
    offer: Piece
    vendor_quote: str
    shared: frozenset[str]
    themes: frozenset[str]

    @property
    def worth(self) -> tuple[int, int, int]:
        of_seller = self.offer.dataset == "persona"
        return (
            2 * len(self.shared) + len(self.themes) + of_seller,
            -_NEEDS.index(self.need.dataset),
            len(self.vendor_quote),
        )


def recommendations(company: list[Piece], vendor: list[Piece], name: str) -> list[dict[str, Any]]:
    """name: of the company. At most three; none where nothing that is offered meets what is needed."""
    sells = next((piece.lines[0] for piece in vendor if piece.dataset == "persona"), None)
    pairs = sorted(_pairs(company, vendor), key=lambda pair: pair.worth, reverse=True)
    chosen: list[_Pair] = []
    for pair in pairs:
        if len(chosen) < _MOST and all(pair.need.text != one.need.text and _differs(pair, one) for one in chosen):
            chosen.append(pair)
    return [_advice(pair, sells, name) for pair in chosen]


def _differs(pair: _Pair, other: _Pair) -> bool:
    """Whether two steps differ: steps of one kind for one reason count as one."""
    return pair.need.dataset != other.need.dataset or pair.vendor_quote != other.vendor_quote


def _pairs(company: list[Piece], vendor: list[Piece]) -> Iterator[_Pair]:
    offers = [(piece, text) for piece in vendor if piece.dataset not in _OF_OTHERS for text in _offered(piece)]
    for need in company:
        for quote in _needed(need) if need.dataset in _NEEDS else []:
            if has_word(quote, tuple(listed("order"))):
                continue
            for offer, text in offers:
                shared, themes = telling_words(text) & telling_words(quote), themes_in(text) & themes_in(quote)
                if shared or themes:
                    yield _Pair(need, quote, offer, text, frozenset(shared), themes)


def _offered(piece: Piece) -> list[str]:
    """Sentences about what is sold: no vacancies, no news, no tables of prices."""
    if piece.dataset != "website_passages":
        return [shortened(piece.lines[0])]
    if _SELLS_NOTHING.match(piece.lines[0]):
        return []
    lines = [line for line in piece.lines[1:] if "|" not in line and _MARK not in line]
    return [shortened(line) for line in lines if len(line.split()) > 3]


def _needed(piece: Piece) -> list[str]:
    """What shows a need: a posting's title, a technology's name, a headline, a page's sentences."""
    if piece.dataset in ("topic_results", "page_passages"):
        parts = [part for line in piece.lines[1:] for part in sentences_in(line)]
        return [shortened(part) for part in parts if len(part.split()) > 3]
    return [shortened(piece.lines[0])]


def _advice(pair: _Pair, sells: str | None, name: str) -> dict[str, Any]:
    heading = pair.offer.lines[0] if pair.offer.dataset == "website_passages" else ""
    is_product = bool(heading) and not _PLAIN_HEADING.fullmatch(heading)
    offer = heading if is_product else _part_of(sells, pair) if sells else pair.vendor_quote
    need = pair.quote.replace(_MARK, "")
    return {
        "evidence_id": pair.need.evidence_id,
        "quote": pair.quote,
        "why": said(pair.need.dataset, pair.quote, name),
        "recommendation": _STEPS[pair.need.dataset].format(
            a="an" if need[:1] in "AEIOU" else "a", need=_short(need), offer=_short(offer)
        ),
        "vendor_evidence_id": pair.offer.evidence_id,
        "vendor_quote": pair.vendor_quote,
    }


def _part_of(sells: str, pair: _Pair) -> str:
    """The one of several products that has to do with the need."""
    parts = [part for part in re.split(r", (?:and )?|; | and ", _CLAUSE.sub("", sells)) if part]
    meets = [part for part in parts if themes_in(part) & pair.themes or telling_words(part) & pair.shared]
    meets = [part for part in meets if part.casefold() != pair.quote.casefold()]
    return meets[0] if meets else _CLAUSE.sub("", sells)


def _short(text: str) -> str:
    text = text.rstrip(".")
    return text if len(text) <= _LONGEST_NAMED else text[:_LONGEST_NAMED].rpartition(" ")[0]


@cache
def themes_in(text: str) -> frozenset[str]:
    """The themes of themes.csv that a text names, by their words."""
    return frozenset(row["theme"] for row in read_data("themes.csv") if has_word(text, (row["word"],)))
