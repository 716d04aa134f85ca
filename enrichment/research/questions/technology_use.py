"""Whether a question asks which technologies a company uses, and what else a company is tied to it by. Pure.

'Does Acme use Oracle?' -> looked for        'Did Acme acquire Bly?' -> a relation, which is a topic
"""

from collections.abc import Collection, Iterator

from enrichment.parsing.technologies import is_technology
from enrichment.research.evidence.relevance import stem_of
from enrichment.research.questions.asked_words import AskedWords
from enrichment.research.questions.mention import Mention, MentionRole
from enrichment.research.questions.name_places import is_dull
from enrichment.research.questions.question_words import Word

_CUSTOMERS = frozenset({"customer", "customers", "client", "clients"})
_FAR = 5
"""So many words in front of a company may state what it is to another one."""


def asks_what_is_used(asked: AskedWords) -> bool:
    """'Which provider do they use?', 'what is Acme on?'"""
    words = asked.words
    ends_on = len(words) > 1 and words[-1].does("use") and words[0].does("which")
    return ends_on or any(word.does("use") and not word.does("runs") for word in words)


def uses_a_thing(asked: AskedWords) -> bool:
    """'Does Acme use robots?': a plural that is no technology, which no stack of software tells of."""
    if not asked.words[:1] or not asked.words[0].does("auxiliary"):
        return False
    used = (asked.words[at + 1 : at + 2] for at, word in enumerate(asked.words) if word.does("use"))
    return any(behind and _is_a_thing(behind[0]) for behind in used)


def _is_a_thing(word: Word) -> bool:
    is_plural = stem_of(word.small) != word.small and not word.is_capital
    return is_plural and not (is_dull(word) or is_technology(word.small))


def is_used(asked: AskedWords, one: Mention) -> bool:
    """A technology that is looked for, not a company that something else is done with."""
    ties = [word for word in relation_to(asked, one) if not word.does("works")]
    return one.part is MentionRole.SOUGHT and (one.is_used or (is_technology(one.name) and not ties))


def is_any_used(asked: AskedWords) -> bool:
    return any(is_used(asked, one) for one in asked.mentions)


def relation_to(asked: AskedWords, one: Mention) -> tuple[Word, ...]:
    near = asked.words[max(0, one.start - _FAR) : one.start]
    return tuple(word for word in near if word.does("other_party", "acquires"))[-1:]


def relations(asked: AskedWords) -> Iterator[str]:
    """'contract Microsoft', 'buy Tesla'."""
    for one in asked.mentions:
        acquired = one.start > 0 and asked.words[one.start - 1].does("acquires") and one in asked.asked[1:]
        if one.part is MentionRole.SOUGHT or acquired:
            yield " ".join((*(word.small for word in relation_to(asked, one)), one.name))


def is_customer_of(asked: AskedWords, names: Collection[str]) -> bool:
    """'Is Acme a customer of Okta?', of a seller of Okta."""
    own = (one for one in asked.mentions if one.name in names and one.part is MentionRole.SOUGHT)
    return any(word.small in _CUSTOMERS for one in own for word in relation_to(asked, one))


def is_of_competitors(asked: AskedWords, *, asks_for_technology: bool) -> bool:
    """'Are Acme's competitors using Oracle?', 'do any rivals of Acme run Oracle?'"""
    if not (asks_for_technology or asked.any_does("use")):
        return False
    ends, starts = {one.end for one in asked.asked}, {one.start for one in asked.asked}
    rivals = [at for at, word in enumerate(asked.words) if word.does("rivals")]
    return any(at in ends or at + 2 in starts for at in rivals)
