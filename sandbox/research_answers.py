"""Answers to the questions of research sessions, without a language model: verbatim pieces, chosen by shared words.

<question>, <seller>      -> Breakdown: names with capitals, areas whose words the question has
<vendor>, <evidence> ...  -> ResearchAnswer: pieces of what is asked for; recommendations where the question asks what
                             to do, and a piece of the vendor meets one of the company
"""

import re
from functools import cache
from typing import Any

from sandbox.catalogue import read_data
from sandbox.evidence import Piece, pieces_in, shortened
from sandbox.seller_advice import recommendations, themes_in
from sandbox.words import listed, said, telling_words

_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
_SELLER = re.compile(r"<seller>(.*?)</seller>", re.DOTALL)
_VENDOR = re.compile(r"<vendor\b[^>]*>\n?(.*?)</vendor>", re.DOTALL)
_COMPANY = re.compile(r"<company>(.*?)</company>", re.DOTALL)
_AREA = re.compile(r"- areas: (.*)")
_DOMAIN = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b")
_NAME = re.compile(r"(?<!\w)(?:[A-Z]|[a-z]+[A-Z])[\w&'’-]*(?: (?:& |of )?[A-Z0-9][\w&'’-]*)*")
_BEGINS = re.compile(r"(?:^|[.!?:;¿¡\n])[\s\"'“‘(¿¡-]*$")
_OF_NO_COMPANY = re.compile(r"\b(?:who is|weather (?:like )?in|the|your|nach|über die) $", re.IGNORECASE)
_IN_USE = re.compile(r"\b(?:use|uses|using|run|runs|running)(?: on)? $", re.IGNORECASE)
"""What stands behind is a technology, whatever else it is."""
_ENGLISH = re.compile(
    r"\b(?:the|what|who|whom|how|is|are|does|do|which|where|when|why|and|should|tell|about|of|for|at|with|has|have|can|news"
    r"|or|to|i|we|us|any|compare|their|they|draft|everything)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\b(?:it|its|they|their|them|this|that|a|an)\b", re.IGNORECASE)
_NO_NAMES = frozenset({"USD", "EUR", "GBP"})
_ADVICE = re.compile(
    r"\b(?:position|approach|pitch|win|sell \w+ to|sell to|propose|need|needs|fit|fits|say to|help|meeting|why now)\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:for|about|on) (?:their|its|the) ([a-z][\w-]*(?: [a-z][\w-]*){0,3})"
    r"|\b(?:stance|opinion|view|position|say|says|plans?) (?:about|on) ([a-z][\w-]*(?: [a-z][\w-]*){0,2})(?=\?|$)",
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
_CHIEF = re.compile(r"\b(?:ceo|cfo|cio|ciso|cmo|coo|cro|cto)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:who|whom|whose|head|lead|contact|talk|director|vp|quién|wer|qui)\b", re.IGNORECASE)
_WITH_TITLE = frozenset({"topic_results", "page_passages", "website_passages", "competitor_mentions"})
_MOST, _EACH, _COMPANIES = 5, 2, 8
_FEW_WORDS = 3
"""Of fewer one cannot say which language they are."""


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
    asks_for_advice = _ADVICE.search(question) is not None
    is_english = len(question.split()) < _FEW_WORDS or _ENGLISH.search(question) is not None
    named = (found[1] or found[2] for found in _TOPIC.finditer(question))
    topics = [topic for topic in named if not _has_listed(topic, "order")]
    parts = [part.strip() for part in re.split(r"[?;]|\. | and (?=who|what|how|when|why|where)", question)]
    orders = [part for part in parts if _has_listed(part, "order")]
    private = {word: part for part in parts for word in re.findall(r"\w+", part.lower()) if word in listed("private")}
    return {
        "intent": "position" if asks_for_advice else "look_up",
        "companies": [{"name": name} for name in _names(question) if name.lower() not in seller.lower()],
        "areas": [] if asks_for_advice else _areas(question, prompt) or ([] if is_english else ["size"]),
        "topics": topics[:3],
        "datasets": [],
        "sub_questions": [
            {"question": part[:240], "datasets": ["website_passages"] if topics else []}
            for part in parts
            if is_english and part and part not in orders and part not in private.values()
        ][:3],
        "unanswerable": [
            *({"what": part[:240], "why": "it is an order, and no question"} for part in orders),
            *({"what": word, "why": "no source that can be asked knows it"} for word in private),
            *([] if is_english else [{"what": question[:240], "why": "the sandbox's model reads English only"}]),
        ][:4],
    }


def _has_listed(text: str, kind: str) -> bool:
    return any(word in listed(kind) for word in re.findall(r"\w+", text.lower()))


def _areas(question: str, prompt: str) -> list[str]:
    found = []
    line = _AREA.search(prompt)
    for entry in (line[1] if line else "").split("; "):
        area, _, words = entry.partition(": ")
        if any(re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE) for word in words.split(", ") if word):
            found.append(area)
    if "technology" not in found and any(_IN_USE.search(question[: one.start()]) for one in _NAME.finditer(question)):
        found.append("technology")
    has_role = any(re.search(rf"\b{role}\b", question, re.IGNORECASE) for role in _ROLES)
    if "people" not in found and (_CHIEF.search(question) or (has_role and _PERSON.search(question) and not found)):
        found.append("people")
    return found


def _names(question: str) -> list[str]:
    """Of the catalogue, or by where they stand: a word that only begins a sentence counts where no other name does."""
    found, perhaps, bare = _DOMAIN.findall(question), list[str](), _DOMAIN.sub(" ; ", question)
    for match in _NAME.finditer(bare):
        if _OF_NO_COMPANY.search(bare[: match.start()]) or _IN_USE.search(bare[: match.start()]):
            continue
        name = _without_opening(match[0])
        if name not in _known_names():
            name = _without_opening(re.split(r"['’]s?(?:\s|$)", name)[0])
        if not name or "_" in name or name in _NO_NAMES:
            continue
        begins = match[0].startswith(name) and _BEGINS.search(bare[: match.start()])
        (perhaps if begins and " " not in name and name not in _known_names() else found).append(name)
    known = [name for name in (*found, *perhaps) if name in _known_names() or "." in name]
    if not found and not known and not _GOES_ON.search(question):
        known = _in_small_letters(question)
    chosen = known if known and not _ENGLISH.search(question) else found or known or perhaps
    return list(dict.fromkeys(chosen))[:_COMPANIES]


def _in_small_letters(question: str) -> list[str]:
    places = {name: re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", question) for name in _known_names()}
    return sorted((name for name, place in places.items() if place), key=lambda name: question.index(name.lower()))


def _without_opening(name: str) -> str:
    words = name.split()
    while words and words[0].lower() in listed("opening"):
        words = words[1:]
    while words and words[-1].lower() in listed("opening"):
        words = words[:-1]
    return " ".join(words)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(row["name"] for row in read_data("companies.csv"))


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
    """Of what the question asks for; of a question that asks for nothing in particular, some of each kind."""
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
    """Of what happened, as the piece states it: the newest is said first."""
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
    parts = [part for line in lines for part in re.split(r"(?<=[a-z0-9)][.!?]) (?=[A-Z])", line)]
    return shortened(max(parts, key=lambda part: len(wanted & telling_words(part))))


def _inside(pattern: re.Pattern[str], prompt: str) -> str:
    found = pattern.search(prompt)
    return "" if found is None else found[1].strip()
