"""Whether a question is about research itself: what it would cost, how old what is known is, how sure an answer. Pure.

"How much would it cost to learn who their CISO is?" -> price, "who their CISO is?"
"How old is what you have on Tesla?"                 -> age, "on Tesla?"
"How sure are you about that?"                       -> sureness, of the answer before

Nothing is bought for such a question.
"""

import re
from dataclasses import dataclass
from typing import Literal

_LOOK = r"(?:learn|find out|find|know|research|look up|look into|look at|check|investigate|get|see|identify|discover)"
_WORK = r"(?:picture|profile|report|dossier|overview|briefing|research|search|lookup|look|check|analysis)"
_MONEY = r"(?:cost|costs|pay|charge|spend|expensive|price)"
_WHOLE = r"(?:(?:a|an|the|one)\s+)?(?:(?:full|complete|whole|detailed|quick|short)\s+)*"
_PRICE = (
    rf"\bhow (?:expensive|cheap)\b[^?.!;]{{0,25}}?\bto {_LOOK}\b",
    rf"\b(?:how much|what)\b[^?.!;]{{0,40}}?\b{_MONEY}\b[^?.!;]{{0,12}}?\bto {_LOOK}\b",
    rf"\b(?:how much|what)\b[^?.!;]{{0,20}}?\b(?:is|are|for|does|would|will|do)\b\s+{_WHOLE}{_WORK}"
    r" (?:of|on|about|into)\b(?=[^?.!;]*\b(?:cost|costs|be)\b|[^?.!;]*$)",
    rf"\b(?:price|cost|quote)\b[^?.!;]{{0,10}}?\b(?:of|for|to)\s+(?:{_WHOLE}{_WORK} (?:of|on|about|into)\b|"
    r"(?:researching|finding out|learning|looking (?:up|into|at))\b)",
    r"\b(?:which|what)?\s*(?:one|company|of them|of the two)?\s*(?:is|are|would be)\s+(?:cheaper|cheapest|dearer)"
    rf" to {_LOOK}\b,?",
)
_KNOWN = (
    r"(?:(?:you|we|i) (?:have|know|hold|found|got)"
    r"|(?:your|the|this|that) (?:data|information|info|facts|answers?|figures))"
)
_AGE = (
    rf"\bhow (?:old|fresh|recent|current|stale|up[- ]to[- ]date) (?:is|are|was|were)\b[^?.!;]{{0,20}}?\b{_KNOWN}",
    r"\bwhen (?:did|have) (?:you|we) (?:last )?(?:look|check|collect|update|fetch|refresh|learn|get|ask)(?:ed)?\b",
    r"\b(?:is|are) (?:that|this|it|these|those|the answer|all that|all of that)"
    r" still (?:true|valid|current|correct|right|up[- ]to[- ]date|the case|accurate)\b",
)
_THAT = r"(?:that|this|it|these|those|them|all that|all of (?:that|this|it)|your answer|the answer|the last answer)"
_SURENESS = re.compile(
    rf"\W*(?:(?:and|but|so|ok|okay|hm+|really)\W+)*(?:"
    rf"how (?:sure|certain|confident|reliable|trustworthy|solid|safe) (?:are you|is {_THAT}|are {_THAT})"
    rf"|(?:are you|you['’]re) (?:really |quite |absolutely )?(?:sure|certain|confident)"
    rf"|(?:can|could|should|may) (?:i|we|one) (?:really )?(?:trust|rely on|believe|count on|bank on) {_THAT}"
    rf"|how do you know(?: {_THAT})?"
    rf"|(?:where|who) (?:do|did|does) (?:you|{_THAT}) (?:get|have|take|find|come)(?: {_THAT})?(?: from)?"
    rf"|(?:what|which)(?: is|['’]s| are) (?:your|the) (?:source|sources|evidence|proof)"
    rf"|who (?:told|says) (?:you )?(?:so|{_THAT})"
    rf"|(?:what|which) sources? (?:did|do) you (?:ask|use|have)(?: for {_THAT})?"
    r"|says who|wie sicher (?:bist du|sind sie|ist das)|bist du sicher|sind sie sicher"
    r"|(?:est[aá]s|est[aá] usted) segur[oa]|(?:tu es|es-tu|vous êtes|êtes-vous) s[uû]re?|sei sicur[oa]"
    rf")(?: (?:about|of|on|for|with) (?:{_THAT}(?: \w+)?|the \w+ (?:one|point|claim)))?(?: dir(?: da)?| da)?\W*",
    re.IGNORECASE,
)
"""Where it is all of the question: 'are you sure that Acme uses Okta?' asks about Acme."""
_END = re.compile(r"\s*\b(?:cost|costs|be)\b(?:\s+(?:me|us))?\s*(?=[?.!]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AboutResearch:
    """text: what is to be researched, or what the age is asked of. asks: None: it is a question like any other."""

    text: str
    asks: Literal["price", "age", "sureness"] | None = None


def about_research(text: str) -> AboutResearch:
    if _SURENESS.fullmatch(text):
        return AboutResearch("", "sureness")
    for pattern in _PRICE:
        if found := re.search(pattern, text, re.IGNORECASE):
            return AboutResearch(_END.sub("", _without(text, found)), "price")
    for pattern in _AGE:
        if found := re.search(pattern, text, re.IGNORECASE):
            return AboutResearch(_without(text, found), "age")
    return AboutResearch(text)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}".strip()
