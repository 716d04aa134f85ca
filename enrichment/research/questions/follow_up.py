"""Whether a question is about the answer before it, and what of that it means. Pure.

'which of these matters for us?'  -> weighed for the seller        'what about the second headline?' -> item 2 of it
'who leads the one you picked?'   -> the company it decided for    'why should they do it now?'      -> weighed, for now

It shows by pointing ('these', 'that', 'they', 'the second one'), by a question word, and by asking nothing else.
"""

import re
from dataclasses import dataclass

from enrichment.research.questions.question_words import words_in_question

LAST = -1
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_OF_A_LIST = (
    r"(?:one|of (?:them|these|those)|point|headline|item|claim|person|contact|name|news(?: item)?|position|job|opening"
    r"|tool|technology|product|signal)s?"
)
_NTH = rf"\bthe (?P<word>{'|'.join(_ORDINALS)}|last)"
_ITEM = re.compile(
    rf"{_NTH}(?: {_OF_A_LIST}\b(?! (?:to|i|we|you|that|who)\b)|(?=\s*[?.!,;:]|\s*$))"
    r"|(?:\bnumber|\bno\.?|#) ?(?P<number>[1-9])\b(?! [a-z]+s\b)",
    re.I,
)
_PICKED = re.compile(
    r"\bthe (?:\w+ )?(?:one|company|account|prospect|firm) (?:that |which )?"
    r"you(?:['’](?:d|ve)| would| have)? (?!know)\w+"
    r"|(?<!\bis )(?<!\bare )(?<!\bhi )\bthere\b(?! (?:is|are|was|were|a|an|any)\b)",
    re.I,
)
_POINTS = re.compile(
    r"\b(?:this|that|these|those|it|they|them|any of it|all of it|the above|which one|which would|what would you)\b"
    r"|^\W*(?:why|so what|and so|which|now what|what now)\b",
    re.I,
)
_SELECTS = re.compile(r"\bwhich\b|\b(?:any|what|one) of (?:this|that|these|those|them|it)\b", re.I)
_ASKS = re.compile(r"\b(?:what|which|why|how|where|should|would|could|can|does|do|is|are)\b", re.I)
_FOR_THE_SELLER = frozenset({"we", "us", "our", "ours", "i", "me", "my", "mine"})
_WEIGHS = re.compile(
    r"\b(?:(?:most|more|biggest|best|largest) )?"
    r"(?:matters?|relevant|relevance|important|worth|useful|urgent|pressing|opportunit\w+|priorit\w+)\b",
    re.I,
)
_ASKS_ADVICE = re.compile(r"\bwould you\b|\byou(?:['’]d| would)\b", re.I)
_OF_THE_SELLER = re.compile(
    r"\b(?:we|i|you)(?: (?:can|could|should|would|will|do|might))* \w+(?: with)?"
    r"|\b(?:we|i|you)['’](?:d|ll|ve|re|m) \w+|\b(?:our|my) \w+",
    re.I,
)
_WHY_ACT = re.compile(r"\bwhy\b[^?.!;]*\b(?:should|would|might|must|need|care|act|now|today|move|buy|bother)\b", re.I)
_ON_THE_FORM = ("translate", "print", "draft", "write", "rewrite", "summarize", "summarise", "shorten", "repeat")
"""How a text begins that is about the form of the answer."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """item: place in what the answer before lists, from 0, or LAST. picked: the company that it decided for is meant,
    as in "there".

    weighs: what it said is to be weighed for the seller. selects: which of it, so that the rest is no answer.
    """

    item: int | None = None
    picked: bool = False
    weighs: bool = False
    selects: bool = False


def follow_up(text: str) -> FollowUp:
    small = [word.small for word in words_in_question(text)]
    points = _POINTS.search(text) is not None and _ASKS.search(text) is not None
    if small[:1] and small[0] in _ON_THE_FORM:
        return FollowUp()
    for_the_seller = points and not _FOR_THE_SELLER.isdisjoint(small)
    weighs = (
        for_the_seller
        or (points and _ASKS_ADVICE.search(text) is not None)
        or (points and _WEIGHS.search(text) is not None)
        or _WHY_ACT.search(text) is not None
    )
    selects = weighs and _SELECTS.search(text) is not None
    return FollowUp(_item(text), _PICKED.search(text) is not None, weighs, selects)


def _item(text: str) -> int | None:
    found = _ITEM.search(text)
    if found is None:
        return None
    if found["number"]:
        return int(found["number"]) - 1
    word = found["word"].casefold()
    return LAST if word == "last" else _ORDINALS.index(word)


def follows(text: str) -> bool:
    """Whether a text may be about the answer before."""
    asks = follow_up(text)
    return asks.weighs or asks.picked or asks.item is not None


def what_else(text: str) -> str:
    """The text without what weighs it, and without what the seller has or does: 'sell' of 'what we sell'."""
    return _PICKED.sub(" ", _OF_THE_SELLER.sub(" ", _WEIGHS.sub(" ", text)))
