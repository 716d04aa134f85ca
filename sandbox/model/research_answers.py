"""Answers to the questions of research sessions, without a language model: verbatim pieces, chosen by shared words.

<question>, <reading>     -> Breakdown: what tables of words make of the question, without orders and private matters
<vendor>, <evidence> ...  -> ResearchAnswer: pieces of what is asked for; recommendations where the question asks what
                             to do, and a piece of the vendor meets one of the company
"""

import json
import re
from typing import Any

from sandbox.model.evidence import Piece, pieces_in, shortened
from sandbox.model.seller_advice import recommendations, themes_in
from sandbox.model.words import listed, said, sentences_in, telling_words

_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
_READING = re.compile(r"<reading>(.*?)</reading>", re.DOTALL)
_VENDOR = re.compile(r"<vendor\b[^>]*>\n?(.*?)</vendor>", re.DOTALL)
_COMPANY = re.compile(r"<company>(.*?)</company>", re.DOTALL)
_ADVICE = re.compile(
    r"\b(?:position|approach|pitch|win|sell \w+ to|sell to|propose|need|needs|fit|fits|say to|help|meeting|why now)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"\b(?:prices?|pricing|charges?|how much)\b", re.IGNORECASE)
_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_SENIOR = ("chief", "vice president", "vp", "director", "head")
_ROLES = {
    "cfo": "financ", "cto": "techn", "cio": "information", "ciso": "security", "ceo": "executive", "coo": "operati",
    "cmo": "market", "cro": "revenue", "security": "security", "data": "data", "engineering": "engineer",
    "financiero": "financ", "finanzchef": "financ", "financier": "financ",
}  # fmt: skip
_ASKS_FOR = {
    "competitor_mentions": ("compet", "rival", "alternativ"),
    "recent_news": ("happen", "news", "lately", "recent"),
    "hiring_trends": ("hiring", "hire", "jobs", "positions"),
    "tech_stack": ("technolog", "run on", "tools", "stack", " use ", " using "),
    "website_passages": (
        "product",
        "price",
        "pricing",
        "charge",
        "how much",
        "we sell",
        "customers",
        "offer to",
        "sell and",
    ),
    "purchase_intent": ("looking for", "intent", "in market"),
    "company_description": ("what do they do", "what does it do", "how large", "how big"),
    "employee_count": ("how large", "how big", "employees", "size", "how many people", "people work"),
}
"""Dataset -> how a question begins a word that asks for just that."""
_NO_FINDING = frozenset({"key_contacts", "company_name", "domain", "industry"})
_WITH_TITLE = frozenset({"topic_results", "page_passages", "website_passages", "competitor_mentions"})
_MOST, _EACH = 5, 2


def research_answer(schema: dict[str, Any], prompt: str) -> dict[str, Any] | None:
    """None: the schema is none of a research session."""
    match schema.get("title"):
        case "Breakdown":
            return _breakdown(prompt)
        case "ResearchAnswer":
            return _answer(prompt)
    return None


def _breakdown(prompt: str) -> dict[str, Any]:
    """The reading that tables of words made of the question, with the private matters that must not be looked up."""
    question, reading = _inside(_QUESTION, prompt), json.loads(_inside(_READING, prompt) or "{}")
    parts = [part.strip() for part in re.split(r"[?;]|\. | and (?=who|what|how|when|why|where)", question)]
    orders = [part for part in parts if _has_listed(part, "order")]
    private = {word: part for part in parts for word in re.findall(r"\w+", part.lower()) if word in listed("private")}
    told = [part for part in parts if part and part not in (*orders, *private.values())]
    return {
        "intent": "position" if reading.get("asks_for_advice") else "look_up",
        "companies": [{"name": name} for name in reading.get("companies", ())],
        "areas": reading.get("areas", []),
        "topics": [topic for topic in reading.get("topics", ()) if any(topic.split()[-1] in part for part in told)][:3],
        "datasets": [],
        "sub_questions": [{"question": part[:240], "datasets": []} for part in told][:3],
        "unanswerable": [
            *({"what": part[:240], "why": "it is an order, and no question"} for part in orders),
            *({"what": word, "why": "no source that can be asked knows it"} for word in private),
        ][:4],
    }


def _has_listed(text: str, kind: str) -> bool:
    return any(word in listed(kind) for word in re.findall(r"\w+", text.lower()))


def _answer(prompt: str) -> dict[str, Any]:
    vendor = pieces_in(_inside(_VENDOR, prompt))
    company = pieces_in(_VENDOR.sub("", prompt))
    question, name = _inside(_QUESTION, prompt), _inside(_COMPANY, prompt)
    return {
        "findings": _findings(company, question, name),
        "people": _people(company, question, vendor),
        "recommendations": recommendations(company, vendor, name) if _ADVICE.search(question) else [],
    }


def _findings(pieces: list[Piece], question: str, company: str) -> list[dict[str, Any]]:
    """Findings on what the question asks for; some of each kind if it asks for nothing in particular."""
    wanted = telling_words(question) - telling_words(company)
    if _PRICE.search(question):
        wanted |= {"charges", "subscription", "seat", "billed"}
    telling = [piece for piece in pieces if piece.dataset not in _NO_FINDING]
    asked = {dataset for dataset, words in _ASKS_FOR.items() if any(word in question.lower() for word in words)}
    of_it = [one for one in telling if one.dataset in asked or wanted & telling_words(one.text)]
    telling.sort(key=_day, reverse=True)
    of_it.sort(key=_day, reverse=True)
    ranked = sorted(of_it, key=lambda piece: (piece.dataset not in asked, -len(wanted & telling_words(piece.text))))
    if not asked and not _has_role(question):
        ranked += _some_of_each([piece for piece in telling if piece not in ranked])
    found, quoted = list[dict[str, Any]](), set[str]()
    for piece in ranked:
        quote = _sentence(piece, wanted)
        if quote not in quoted and len(found) < _MOST:
            quoted.add(quote)
            sentence = said(piece.dataset if quote == piece.lines[0] else "", quote, company)
            found.append({"evidence_id": piece.evidence_id, "quote": quote, "statement": sentence})
    return found


def _some_of_each(pieces: list[Piece]) -> list[Piece]:
    of_each: dict[str, list[Piece]] = {}
    for piece in pieces:
        of_each.setdefault(piece.dataset, []).append(piece)
    return [piece for at in range(_EACH) for same in of_each.values() for piece in same[at : at + 1]]


def _day(piece: Piece) -> str:
    """The day of what happened, as the piece states it: the newest is said first."""
    found = _DATE.search(piece.text)
    return found[0] if found else ""


def _has_role(question: str) -> bool:
    return any(re.search(rf"\b{role}\b", question, re.IGNORECASE) for role in _ROLES)


def _people(pieces: list[Piece], question: str, vendor: list[Piece]) -> list[dict[str, Any]]:
    """First those whose title has a theme of what is sold, then those of rank."""
    sold = frozenset[str]().union(*(themes_in(piece.text) for piece in vendor if piece.dataset == "persona"))
    roles = [stem for role, stem in _ROLES.items() if re.search(rf"\b{role}\b", question, re.IGNORECASE)]
    contacts = [piece for piece in pieces if piece.dataset == "key_contacts" and len(piece.lines) > 1]
    fitting = [one for one in contacts if any(stem in one.lines[1].lower() for stem in roles)] if roles else contacts
    ranked = sorted(
        fitting,
        key=lambda piece: (
            sold.isdisjoint(themes_in(piece.lines[1])),
            not any(word in piece.lines[1].lower() for word in _SENIOR),
        ),
    )
    return [
        {
            "evidence_id": piece.evidence_id,
            "quote": "\n".join(piece.lines[:2]),
            "full_name": piece.lines[0],
            "seniority": None,
            "department": None,
            "priority": min(rank, 5),
            "why": piece.lines[1],
        }
        for rank, piece in enumerate(ranked[:3], start=1)
    ]


def _sentence(piece: Piece, wanted: set[str]) -> str:
    """The sentence of the piece that has most of these words, else its first one."""
    lines = piece.lines[1:] if piece.dataset in _WITH_TITLE and len(piece.lines) > 1 else piece.lines
    parts = [part for line in lines for part in sentences_in(line)]
    return shortened(max(parts, key=lambda part: len(wanted & telling_words(part))))


def _inside(pattern: re.Pattern[str], prompt: str) -> str:
    found = pattern.search(prompt)
    return "" if found is None else found[1].strip()
