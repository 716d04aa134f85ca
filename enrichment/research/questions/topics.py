"""What of a question has to be searched for by itself, because no dataset answers it. Pure.

topics, sub-questions without a dataset -> words to search for: 'european expansion'
what a search has found -> the pages that bear on the question most
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from enrichment.analysis.evidence import as_data, fact_text
from enrichment.analysis.relevance import ranked_for_each
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.values import CompetitorMention, FoundPassage
from enrichment.identity.domains import registrable_domain
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.asked_words import may_be_topic
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.question_reading import read_question
from enrichment.research.questions.question_words import phrases_of
from enrichment.rules import Rules
from enrichment.rules.requirements import topic_of

RESULTS, PAGE = "topic_results", "page_passages"
MENTIONS = "competitor_mentions"
_LONGEST_PARTICLE = 3
_TOLD_BY_NEWS = frozenset({"news", "growth"})
"""Areas that what is searched for tells of, too."""
_NARROWS, _MOST_WORDS = 2, 6
_IS_AN_ORDER = re.compile(r"\b(?:ignore|disregard|instructions?|prompts?|jailbreak|pretend)\b", re.I)
"""Words of a text that tells a program what to do: nothing is searched for it."""


def topics_to_search(parts: QuestionParts, names: Iterable[str], rules: Rules) -> tuple[str, ...]:
    """Topics to search, at most as many as the rules allow, each in one form.

    names: of all companies concerned; they are no topic.
    """
    if RESULTS not in rules.datasets:
        return ()
    names_of = [name.casefold() for name in (*names, *parts.companies)]
    own = frozenset(word for name in names_of for word in re.findall(r"\w+", name))
    chosen: list[str] = []
    topics = (*_whole_topics(parts, own), *_left_to_search(parts, own))
    for topic in map(topic_of, (*topics, *_unanswered(parts, own, KnownNames({*names_of})))):
        words = set(topic.split())
        if words and not any(words <= set(other.split()) or words >= set(other.split()) for other in chosen):
            chosen.append(topic)
    return tuple(chosen[: rules.research.searches])


def _whole_topics(parts: QuestionParts, own: frozenset[str]) -> Iterator[str]:
    for topic in parts.topics:
        words = [word for word in re.findall(r"[^\W_][\w'’&+#-]*", topic) if word.casefold() not in own]
        if may_be_topic(" ".join(words)) and not _IS_AN_ORDER.search(topic):
            yield _without_ends(words)


def _left_to_search(parts: QuestionParts, own: frozenset[str]) -> Iterator[str]:
    """What is asked in particular and no dataset has: 'trouble with regulators', as one topic."""
    if parts.topics or parts.unread or parts.restates or not {*parts.areas} <= _TOLD_BY_NEWS:
        return
    events = {" ".join(phrase) for phrase in phrases_of("event")}
    words = [word for one in parts.things if one not in events for word in one.split() if word.casefold() not in own]
    words = [word for word in words if not is_technology(word)]
    if parts.areas and len(words) < _NARROWS:
        return
    if may_be_topic(" ".join(words)) and not any(map(_IS_AN_ORDER.search, words)):
        yield " ".join(words[:_MOST_WORDS])


def _without_ends(words: list[str]) -> str:
    """The words without 'in', 'at', 'of' at their ends."""
    kept = [at for at, word in enumerate(words) if len(word) > _LONGEST_PARTICLE or not word.islower()]
    return " ".join(words[kept[0] : kept[-1] + 1]) if kept else ""


def _unanswered(parts: QuestionParts, own: frozenset[str], known: KnownNames) -> Iterator[str]:
    """What each sub-question is about that no dataset or area answers."""
    for one in parts.sub_questions:
        if not one.datasets and not _IS_AN_ORDER.search(one.question):
            about = read_question(one.question, known)
            yield from (
                topic for topic in about.topics if not about.areas and not own.issuperset(topic.casefold().split())
            )


def competitors_named(known: Known) -> list[str]:
    """Names of competitors, those that most pages name first."""
    named = Counter(fact.value.name for fact in known.facts if isinstance(fact.value, CompetitorMention))
    return [name for name, _ in named.most_common()]


def found_on(topic: str, known: Known) -> list[Fact]:
    """What was found on this topic, or on this page."""
    replies = {reply.reply_id for reply in known.replies if reply.topic == topic}
    return [fact for fact in known.facts if fact.reply_id in replies]


def without_other_topics(known: Known, topics: Collection[str], question: str) -> Known:
    """Drops what was found for other questions: on topics not searched for and not in this question."""
    words = {word.casefold() for word in re.findall(r"\w+", question)}
    mine = {
        reply.reply_id
        for reply in known.replies
        if not reply.topic or reply.topic in topics or words.issuperset(reply.topic.split())
    }
    kept = (fact for fact in known.facts if fact.dataset not in (RESULTS, PAGE) or fact.reply_id in mine)
    return replace(known, facts=tuple(kept))


def pages_worth_reading(
    facts: Sequence[Fact], questions: Sequence[str], own_domain: str | None, most: int
) -> list[str]:
    """Addresses of the pages whose passages bear on a question most; the company's own are read anyway."""
    passages = [_Found(as_data(fact_text(fact.value)), address) for fact in facts if (address := _address(fact))]
    ranked = ranked_for_each([one for one in passages if registrable_domain(one.address) != own_domain], questions)
    return list(dict.fromkeys(one.address for one in ranked))[:most]


class _Found:
    """A passage of a page."""

    def __init__(self, text: str, address: str) -> None:
        self.text, self.address = text, address


def _address(fact: Fact) -> str | None:
    value = fact.value
    address = value.url if isinstance(value, FoundPassage | CompetitorMention) else None
    return address if address and re.match(r"https?://", address) else None
