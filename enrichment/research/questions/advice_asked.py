"""Whether a seller asks what to do, so that the whole company matters. Pure."""

import re

from enrichment.research.questions.asked_words import AskedWords
from enrichment.research.questions.mention import MentionRole
from enrichment.research.questions.question_words import has_phrase, words_in_question, written_out

_ADVICE = re.compile(
    r"\bposition\s+(?!(?:of|in|is|at|on|does|do|are|as)\b)\S|\b(?:pitch|win over|say to|convince|persuade)\b"
    r"|\b(?:should|can|could|would|to|might) (?:(?:I|we|us) )?(?:sell|offer|approach|propose)\b"
    r"|(?:^|[.;!?,] )(?:so |and |but )?should (?:I|we)\b|\bwhy now (?:for|at|with)\b"
    r"|\bwe sell (?:that|which)\b|\bsell (?!and\b)\w+ to\b|\b(?:switch to|work with|fit for|right for) us\b"
    r"|\bbuy (?:\w+ ){0,4}from us\b|\bwhy (?:should|would|might) \w+ buy(?: now| today| it| this)*\s*(?:[?.!,]|$)"
    r"|\bin it for (?:them|us)\b|\bcare about (?:us|our)\b|\bsentence to (?:him|her|them)\b"
    r"|\bfirst (?:sentence|line|words) (?:should|to|of|be)\b|\bmy first (?:sentence|line|words|message)\b"
    r"|\bwhat (?:should|can|could|do) (?:I|we) (?:say|tell|write|bring up|lead with|open with)\b"
    r"|\breasons? to (?:call|contact|reach|write|visit|talk)\b"
    r"|\bworth (?:an? )?(?:call|calling|contacting|visit|email|pursuing)\b"
    r"|\bquestions (?:should|do|can|could) (?:I|we) ask\b|\bavoid (?:saying|mentioning)\b"
    r"|\b(?:opener|opening line|icebreaker|talking points?|subject line|elevator pitch)\b",
    re.I,
)

_SENTENCE = re.compile(
    r"\b(?:first|opening) (?:sentence|line|words)\b|\b(?:opener|icebreaker|subject line)\b"
    r"|\b(?:write|draft|compose|word)\b(?: (?:me|us))?(?: [\w-]+){0,5} (?:e-?mail|message|mail|note|letter|inmail)\b",
    re.I,
)
"""What is asked for is a text to send, and of that one sentence is enough."""
_AGAINST = re.compile(r"\bwhy (?:should )?(?:(?:we|I) )?not\b|\breasons? (?:not|against)\b|\bspeaks? against\b", re.I)
_BESIDE = re.compile(r"\b(?:than|next to|beside|side by side)\b", re.I)
_FIRST = re.compile(
    r"\b(?:call|ring|contact|approach|visit|pitch|talk to|write to|go to)\b[^?.!;]+\bfirst\b"
    r"|\b(?:or|and) \S(?:[^?.!;]|\.\w)*?[, ]first\W*$|\bwhere (?:do|should|would|shall) (?:i|we|you) (?:begin|start)\b",
    re.I,
)


def asks_for_advice(asked: AskedWords) -> bool:
    """Not where it is asked what speaks against it: that is told by what is known of the company's risks."""
    text = written_out(asked.text)
    return (_ADVICE.search(text) is not None or asks_for_sentence(text)) and not asks_what_speaks_against(asked)


def asks_for_sentence(text: str) -> bool:
    """'The first line of an email to them?', 'draft me a short note to their CFO'"""
    return _SENTENCE.search(text) is not None


def asks_what_speaks_against(asked: AskedWords) -> bool:
    """'Why shouldn't we sell to Acme?', 'any reasons not to?'"""
    return _AGAINST.search(written_out(asked.text)) is not None


def is_beside_ours(asked: AskedWords) -> bool:
    """'How do our prices compare to Acme's?', 'are we larger than they are?'"""
    compares = asked.any_does("compares") or _BESIDE.search(asked.text) is not None
    own = any(asked.known.is_own(one.name) and one.part is not MentionRole.SOUGHT for one in asked.mentions)
    return compares and (own or asked.any_does("ours"))


def asks_whom_first(text: str) -> bool:
    """'Whom should I call first?', 'should I visit Acme or Bly first?', 'Acme or Bly: where do I begin?'"""
    return has_phrase(words_in_question(text), "whom_first") or _FIRST.search(text) is not None


def asks_why_buy_ours(asked: AskedWords) -> bool:
    """'Why would Acme buy Okta?', of a seller of Okta."""
    before = [asked.words[one.start - 1] for one in asked.mentions if one.start and asked.known.is_own(one.name)]
    asks = any(word.small in ("why", "should") for word in asked.words[:1])
    return asks and any(word.small in ("buy", "choose", "need") for word in before)
