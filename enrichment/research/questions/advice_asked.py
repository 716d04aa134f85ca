"""Whether a seller asks what to do, so that the whole company matters. Pure."""

import re

from enrichment.research.questions.asked_words import AskedWords
from enrichment.research.questions.question_words import written_out

_ADVICE = re.compile(
    r"\bposition\s+(?!(?:of|in|is|at|on|does|do|are|as)\b)\S|\b(?:pitch|win over|say to|convince|persuade)\b"
    r"|\b(?:should|can|could|would|to|might) (?:(?:I|we|us) )?(?:sell|offer|approach|propose)\b"
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


def asks_for_advice(asked: AskedWords) -> bool:
    return _ADVICE.search(written_out(asked.text)) is not None


def asks_why_buy_ours(asked: AskedWords) -> bool:
    """'Why would Acme buy Okta?', of a seller of Okta."""
    before = [asked.words[one.start - 1] for one in asked.mentions if one.start and asked.known.is_own(one.name)]
    asks = any(word.small in ("why", "should") for word in asked.words[:1])
    return asks and any(word.small in ("buy", "choose", "need") for word in before)
