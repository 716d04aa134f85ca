"""Answers to the questions of research sessions, without a language model: verbatim pieces, chosen by shared words.

<question>, <seller>      -> Breakdown: names with capitals, areas whose words the question has
<vendor>, <evidence> ...  -> ResearchAnswer: pieces that share words with the question; a recommendation only where
                             a piece of the vendor and one of the company share a word
"""

import re
from functools import cache
from typing import Any

from sandbox.catalogue import read_data
from sandbox.evidence import Piece, pieces_in, shortened

_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
_SELLER = re.compile(r"<seller>(.*?)</seller>", re.DOTALL)
_VENDOR = re.compile(r"<vendor\b[^>]*>\n?(.*?)</vendor>", re.DOTALL)
_AREA = re.compile(r"- areas: (.*)")
_DOMAIN = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b")
_NAME = re.compile(r"(?<!\w)[A-Z][\w&'’-]*(?: (?:& |of )?[A-Z0-9][\w&'’-]*)*")
_BEGINS = re.compile(r"(?:^|[.!?:;¿¡\n])[\s\"'“‘(¿¡-]*$")
_NO_NAMES = frozenset({"USD", "EUR", "GBP"})
_WHOLE = re.compile(r"\b(?:position|approach|pitch|win|everything|sell)\b", re.IGNORECASE)
_TOPIC = re.compile(r"\b(?:for|about|on) (?:their|its|the) ([a-z][\w-]*(?: [a-z][\w-]*){0,2})", re.IGNORECASE)
_SENIOR = ("chief", "vice president", "vp", "director", "head")
_ROLES = {
    "cfo": "financ", "cto": "techn", "cio": "information", "ciso": "security", "ceo": "executive", "coo": "operati",
    "cmo": "market", "cro": "revenue", "security": "security", "data": "data", "engineering": "engineer",
}  # fmt: skip
_NEEDS = frozenset({"recent_news", "purchase_intent", "hiring_trends", "tech_stack", "topic_results", "page_passages"})
_ASKS_FOR = {
    "competitor_mentions": ("compet", "rival", "alternativ"),
    "recent_news": ("happen", "news", "lately"),
    "hiring_trends": ("hiring", "hire", "jobs", "positions"),
    "tech_stack": ("technolog", "run on", "stack"),
}
"""Dataset -> how a question begins a word that asks for just that."""
_WITH_TITLE = frozenset({"topic_results", "page_passages", "website_passages", "competitor_mentions"})
_MOST = 5


def research_answer(schema: dict[str, Any], prompt: str) -> dict[str, Any] | None:
    """None: the schema is none of a research session."""
    match schema.get("title"):
        case "Breakdown":
            return _breakdown(prompt)
        case "ResearchAnswer":
            return _answer(prompt)
    return None


def _breakdown(prompt: str) -> dict[str, Any]:
    question, seller = _inside(_QUESTION, prompt), _inside(_SELLER, prompt)
    areas = [] if _WHOLE.search(question) else _areas(question, prompt)
    parts = [part.strip() for part in re.split(r"[?;]| and (?=who|what|how|when|why|where)", question) if part.strip()]
    return {
        "intent": "position" if _WHOLE.search(question) else "look_up",
        "companies": [{"name": name} for name in _names(question) if name.lower() not in seller.lower()],
        "areas": areas,
        "topics": [found[1] for found in _TOPIC.finditer(question)][:3],
        "datasets": [],
        "sub_questions": [{"question": part[:240], "datasets": []} for part in parts[:3]],
        "unanswerable": [],
    }


def _areas(question: str, prompt: str) -> list[str]:
    found = []
    line = _AREA.search(prompt)
    for entry in (line[1] if line else "").split("; "):
        area, _, words = entry.partition(": ")
        if any(re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE) for word in words.split(", ") if word):
            found.append(area)
    if not found and any(re.search(rf"\b{role}\b", question, re.IGNORECASE) for role in _ROLES):
        found.append("people")
    return found


def _names(question: str) -> list[str]:
    """Of the catalogue, or by where they stand: a word that only begins a sentence counts where no other name does."""
    found, perhaps, bare = _DOMAIN.findall(question), list[str](), _DOMAIN.sub(" ; ", question)
    for match in _NAME.finditer(bare):
        name = _without_opening(match[0])
        if name not in _known_names():
            name = re.split(r"['’]s?(?:\s|$)", name)[0]
        if not name or "_" in name or name in _NO_NAMES:
            continue
        begins = match[0].startswith(name) and _BEGINS.search(bare[: match.start()])
        (perhaps if begins and " " not in name and name not in _known_names() else found).append(name)
    return list(dict.fromkeys(found or perhaps))[:8]


def _without_opening(name: str) -> str:
    words = name.split()
    while words and words[0].lower() in _listed("opening"):
        words = words[1:]
    while words and words[-1].lower() in _listed("opening"):
        words = words[:-1]
    return " ".join(words)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(row["name"] for row in read_data("companies.csv"))


def _answer(prompt: str) -> dict[str, Any]:
    vendor = pieces_in(_inside(_VENDOR, prompt))
    company = pieces_in(_VENDOR.sub("", prompt))
    question = _inside(_QUESTION, prompt)
    return {
        "findings": _findings(company, question),
        "people": _people(company, question),
        "recommendations": _recommendations(company, vendor),
    }


def _findings(pieces: list[Piece], question: str) -> list[dict[str, Any]]:
    wanted = _words(question)
    telling = [piece for piece in pieces if piece.dataset not in {"key_contacts", "company_name", "domain", "industry"}]
    asked = {dataset for dataset, words in _ASKS_FOR.items() if any(word in question.lower() for word in words)}
    ranked = sorted(telling, key=lambda piece: (piece.dataset not in asked, -len(wanted & _words(piece.text))))
    found = []
    for piece in ranked[:_MOST]:
        quote = _sentence(piece, wanted)
        found.append({"evidence_id": piece.evidence_id, "quote": quote, "statement": quote})
    return found


def _people(pieces: list[Piece], question: str) -> list[dict[str, Any]]:
    roles = [stem for role, stem in _ROLES.items() if re.search(rf"\b{role}\b", question, re.IGNORECASE)]
    contacts = [piece for piece in pieces if piece.dataset == "key_contacts" and len(piece.lines) > 1]
    fitting = [one for one in contacts if any(stem in one.lines[1].lower() for stem in roles)] if roles else contacts
    ranked = sorted(fitting, key=lambda piece: not any(word in piece.lines[1].lower() for word in _SENIOR))
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


def _recommendations(company: list[Piece], vendor: list[Piece]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    used: set[str] = set()
    for offer in vendor:
        for need in company:
            if need.dataset not in _NEEDS:
                continue
            shared = sorted(_words(offer.text) & _words(need.text), key=lambda word: (-len(word), word))
            if not shared or need.text in used or len(found) == 3:
                continue
            used.add(need.text)
            quote, theirs = _sentence(need, {shared[0]}), _sentence(offer, {shared[0]})
            found.append(
                {
                    "evidence_id": need.evidence_id,
                    "quote": quote,
                    "why": quote,
                    "recommendation": f"Bring up {shared[0]}.",
                    "vendor_evidence_id": offer.evidence_id,
                    "vendor_quote": theirs,
                }
            )
    return found


def _sentence(piece: Piece, wanted: set[str]) -> str:
    """The sentence of the piece that has most of these words, else its first one."""
    lines = piece.lines[1:] if piece.dataset in _WITH_TITLE and len(piece.lines) > 1 else piece.lines
    parts = [part for line in lines for part in re.split(r"(?<=[a-z0-9)][.!?]) (?=[A-Z])", line)]
    return shortened(max(parts, key=lambda part: len(wanted & _words(part))))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in _listed("common")}


def _inside(pattern: re.Pattern[str], prompt: str) -> str:
    found = pattern.search(prompt)
    return "" if found is None else found[1].strip()


@cache
def _listed(kind: str) -> frozenset[str]:
    """opening: words with which a question opens, and which name no company; common: words that any company uses."""
    return frozenset(row["word"] for row in read_data("research_words.csv") if row["kind"] == kind)
