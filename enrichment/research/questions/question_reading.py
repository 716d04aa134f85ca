"""What a question is about, read by tables of words: its companies, areas, topics, and what is looked for. Pure.

question + names that are known -> QuestionReading: the plain rule takes it, a model is given it and stays within it
words and mentions -> what is marked -> areas -> spans that are left -> what is searched for and what is looked for
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.advice_asked import asks_for_advice, asks_why_buy_ours, is_beside_ours
from enrichment.research.questions.areas import AREA_NAMES, roles_in
from enrichment.research.questions.areas_asked import areas_asked
from enrichment.research.questions.asked_words import AskedWords, Span, asked_words, countries_named, is_place
from enrichment.research.questions.marked_words import MarkedWords, marked_words
from enrichment.research.questions.mention import KnownNames, MentionRole
from enrichment.research.questions.name_places import is_dull
from enrichment.research.questions.noun_phrases import noun_phrases, what_happened
from enrichment.research.questions.people_asked import asks_who, contact_details, means_people, private_matters
from enrichment.research.questions.question_words import has_phrase
from enrichment.research.questions.technology_use import (
    asks_what_is_used,
    is_any_used,
    is_customer_of,
    is_of_competitors,
    relations,
    uses_a_thing,
)
from enrichment.research.questions.topics_asked import (
    events,
    is_for,
    is_topic,
    left_over,
    requests,
    telling_spans,
    texts_of,
)
from enrichment.research.questions.unread_words import other_languages
from enrichment.research.questions.unsure_names import unsure_names

_FAR = 3
"""So many words may be between 'find' and 'companies': 'find me five'."""
_PLACES = ("place_first", "place_second")


@dataclass(frozen=True, slots=True)
class QuestionReading:
    """companies: as they are written. areas: none, and nothing looked for: the whole company.

    topics: to be searched for. things: of what is left, what is worth a search. sought: names and words to be looked
    for in what is known. unsure: words that may be names of companies. restates: what was asked before is asked for in
    other words. places: which of the companies asked about before, from 0; none: all of them.
    is_of_competitors: which technology their competitors use. is_of_our_rivals: whether they use what the seller's
    competitors make.
    contact_details: words such as "email". private: what no source tells of a person.
    roles: words in the titles of people who are asked for. unread: words of another language that no table has.
    asks_what_it_is: "what is Acme?". beside_ours: what the seller's company has is to be told beside it.
    beside_advice: the areas that are asked for as well, where it asks for advice.
    """

    companies: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    sure_companies: tuple[str, ...] = ()
    no_companies: frozenset[str] = frozenset()
    looks_for_technology: bool = False
    asks_for_advice: bool = False
    restates: bool = False
    places: tuple[int, ...] = ()
    asks_for_a_list: bool = False
    asks_for_all: bool = False
    is_of_competitors: bool = False
    is_of_our_rivals: bool = False
    contact_details: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    asks_what_it_is: bool = False
    beside_ours: bool = False
    beside_advice: tuple[str, ...] = ()
    is_sure: bool = False
    """Nothing is left to be understood: companies that are known, areas, advice, technologies, grammar."""

    def may_be_asked_about(self, name: str) -> bool:
        """Whether a name that a model takes from the question may be that of a company asked about."""
        return name in self.companies or name.casefold() not in self.no_companies


@dataclass(frozen=True, slots=True)
class _Content:
    """What is asked of the companies: areas, what is searched for, what is looked for, what may be a name.

    unread: the words of a part of which nothing is read.
    """

    areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.topics or self.sought or self.unsure)


def read_question(text: str, known: KnownNames) -> QuestionReading:
    return _read(text, frozenset(known.registered), tuple(known.before), tuple(known.own), frozenset(known.short))


@lru_cache(maxsize=256)
def _read(
    text: str, registered: frozenset[str], before: tuple[str, ...], own: tuple[str, ...], short: frozenset[str]
) -> QuestionReading:
    """Several steps of a question ask for it."""
    asked = asked_words(text, KnownNames(registered, before, own, short))
    if has_phrase(asked.words, "meta") and not asked.asked:
        return QuestionReading(restates=True)
    return _reading(asked)


def _reading(asked: AskedWords) -> QuestionReading:
    companies, private = asked.named(MentionRole.ASKED), private_matters(asked)
    content = _of_clauses(asked)
    if private and {*content.areas} <= {"people"}:
        content = _Content(unsure=content.unsure)  # the role only says whose it is
    advice = asks_for_advice(asked)
    places = tuple(at for at, kind in enumerate(_PLACES) if has_phrase(asked.words, kind))
    if asks_why_buy_ours(asked):
        advice, content = True, replace(content, topics=(), sought=())
    beside_advice = content.areas if advice else ()
    if advice:
        content = replace(content, areas=())
    restates = content.is_empty and not advice and _restates(asked, companies, places)
    return QuestionReading(
        companies=companies,
        sure_companies=_sure_companies(asked),
        is_sure=_is_sure(asked, content, advice=advice),
        no_companies=frozenset(_no_companies(asked)),
        looks_for_technology=is_any_used(asked),
        asks_for_advice=advice,
        areas=content.areas,
        topics=tuple(dict.fromkeys(content.topics)),
        things=content.things,
        sought=tuple(dict.fromkeys(content.sought)),
        unsure=tuple(dict.fromkeys(content.unsure)),
        asks_for_a_list=not companies and _asks_for_a_list(asked),
        asks_for_all=has_phrase(asked.words, "all"),
        restates=restates,
        is_of_competitors=bool(content.sought)
        and is_of_competitors(asked, asks_for_technology="technology" in content.areas),
        is_of_our_rivals=not advice and _uses_our_rivals(asked, content),
        contact_details=contact_details(asked.text),
        private=private,
        roles=roles_in(asked.without_names),
        unread=() if advice or restates else content.unread,
        asks_what_it_is=content.is_empty and not advice and _asks_what_it_is(asked),
        beside_ours=not advice and "competition" not in content.areas and is_beside_ours(asked),
        beside_advice=beside_advice,
        places=places,
    )


def _of_clauses(asked: AskedWords) -> _Content:
    """'How many staff, and who leads HR?': what each part asks; what may be a name is read in the whole.

    A part that no area answers is a topic: 'who leads HR, and does it have plants in Europe?'
    """
    whole, each = _content(asked), [_content(one) for one in asked.clauses]
    if len(each) < 2:
        return whole
    areas = {area for one in each for area in one.areas}
    read_in_whole = (*whole.sought, *whole.topics)
    by_themselves = [one for one in each if areas and not one.areas and one.things]
    moved = {words for one in by_themselves for words in one.sought}
    sought = [words for one in each for words in one.sought if " " in words or words in read_in_whole]
    return _Content(
        areas=tuple(name for name in AREA_NAMES if name in areas),
        topics=tuple(
            [topic for one in each for topic in one.topics] + [words for one in by_themselves for words in one.things]
        ),
        things=whole.things,
        sought=tuple(words for words in sought if words not in moved),
        unsure=whole.unsure,
        unread=tuple(words for one in each for words in one.unread),
    )


def _content(asked: AskedWords) -> _Content:
    content = _content_of_words(asked)
    if asked.asks or asked.asked or content.areas or content.unsure:
        return content
    return _Content(unread=content.unread)  # 'thanks, that helps' is no topic


def _content_of_words(asked: AskedWords) -> _Content:
    marked = marked_words(asked)
    areas = areas_asked(asked, marked)
    spans = telling_spans(asked, marked.closed | areas.phrases)
    unsure = () if asked.asked else tuple(unsure_names(asked, spans, marked.closed, has_areas=bool(areas.names)))
    spans = [span for span in spans if span.text not in unsure]
    content = _of_spans(asked, marked, spans, _Content(areas.names, unsure=unsure))
    content = _of_people(asked, content)
    is_told = content.areas or content.topics or content.things or content.unsure
    if not is_told and (done := what_happened(asked)):
        content = replace(content, areas=("news",), sought=done)
    if content.is_empty and (words := left_over(asked, marked.closed)):
        content = replace(content, sought=(" ".join(words),))
    unread = other_languages(asked)
    if content.is_empty and asks_who(asked) and (not unread or roles_in(asked.without_names)):
        content = replace(content, areas=("people",))
    content = _of_the_seller(asked, content)
    return replace(content, unread=unread) if content.is_empty else content


def _of_spans(asked: AskedWords, marked: MarkedWords, spans: Sequence[Span], content: _Content) -> _Content:
    """Where areas are shown, spans narrow them down; else they are topics, or looked for."""
    named = (*asked.named(MentionRole.SOUGHT), *asked.named(MentionRole.PERSON), *events(asked))
    sought = [*named, *(one.text for one in marked.tasks)]
    used_for, about = _parted_by_use(asked, marked.topics)
    sought += used_for
    topics = [*about, *(f"expenditure on {one.text}" for one in marked.spends)]
    if content.areas and not asked.is_english:
        sought += countries_named(asked)
    if content.areas:
        sought += texts_of(asked, (span for span in spans if span.narrows or is_for(asked, span)))
    elif not content.unsure:
        topics += [*relations(asked), *texts_of(asked, (span for span in spans if is_topic(asked, span)))]
        left = [span for span in spans if not is_topic(asked, span)]
        is_all = not (topics or requests(asked))
        sought += texts_of(asked, (span for span in left if span.narrows or is_all))
    things = noun_phrases(asked, [span for span in spans if span.text in sought])
    return replace(content, topics=tuple(topics), things=things, sought=tuple(sought))


def _parted_by_use(asked: AskedWords, topics: Sequence[Span]) -> tuple[list[str], list[str]]:
    """What technology is for ('which software for its records?'), which no search tells better; and what is a topic."""
    is_on_use = asks_what_is_used(asked) and not uses_a_thing(asked)
    used_for = [one for one in topics if is_on_use and "for" in [word.small for word in one.before[-2:]]]
    return [one.text for one in used_for], [one.text for one in topics if one not in used_for]


def _of_people(asked: AskedWords, content: _Content) -> _Content:
    """Of people nothing is searched for, only looked for."""
    if not content.areas and (means_people(asked, content.topics) or contact_details(asked.text)):
        content = replace(content, areas=("people",))
    if "people" in content.areas:
        content = replace(content, sought=(*content.sought, *content.topics), topics=())
    return content


def _of_the_seller(asked: AskedWords, content: _Content) -> _Content:
    """'Do they use our products?', 'who competes with us there?'"""
    own = asked.known.own
    names_company = bool(asked.asked or asked.known.before)
    if names_company and own and (has_phrase(asked.words, "of_us") or is_customer_of(asked, own)):
        product = own[-1 if len(own) > 2 else 0]
        return _Content(("technology",), sought=(product,), unsure=content.unsure)
    if _uses_our_rivals(asked, content):
        return _Content(("technology",), unsure=content.unsure)
    if "competition" in content.areas and own and has_phrase(asked.words, "rival_of_us"):
        return replace(content, sought=(*content.sought, own[0]))
    return content


def _uses_our_rivals(asked: AskedWords, content: _Content) -> bool:
    """'Are our competitors among their tools?', 'do they run anything of a rival of ours?'"""
    is_on_use = "technology" in content.areas or asked.any_does("use")
    about_one = bool(asked.asked or asked.known.before) and not asked.any_does("compares")
    return is_on_use and about_one and has_phrase(asked.words, "rival_of_us")


def _restates(asked: AskedWords, companies: Collection[str], places: Collection[int]) -> bool:
    """'Shorter, please', 'and Acme, same thing?', 'and Acme?', 'what about the second one?'"""
    if companies:
        return has_phrase(asked.words, "same") or _goes_to_another(asked)
    return has_phrase(asked.words, "restates") or bool(places) or _only_asks_why(asked)


def _only_asks_why(asked: AskedWords) -> bool:
    """'Why?', 'how come?'"""
    small = {word.small for word in asked.words}
    return not small.isdisjoint(("why", "come")) and small <= {"why", "how", "come", "so", "and", "but", "exactly"}


def _goes_to_another(asked: AskedWords) -> bool:
    """'And Acme?', 'what about Acme?', 'more than Acme?': what was asked before, about this company."""
    left = [word.small for at, word in enumerate(asked.words) if at not in asked.taken]
    if left[:2] in (["more", "than"], ["less", "than"], ["fewer", "than"], ["as", "many"]):
        return all(word.does("function") or at in asked.taken for at, word in enumerate(asked.words[2:], 2))
    begins_with_and = left[:1] == [asked.words[0].small] and asked.words[0].does("and_or")
    return left[-2:] in (["what", "about"], ["how", "about"]) or (begins_with_and and len(left) == 1)


def _asks_what_it_is(asked: AskedWords) -> bool:
    """'What is Acme?', 'who are Acme?', 'what does Acme do?'"""
    left = [word.small for at, word in enumerate(asked.words) if at not in asked.taken]
    is_or_does = left[:1] in (["what"], ["who"]) and left[1:] in (["is"], ["are"], ["does", "do"], ["do", "do"])
    return len(asked.asked) == 1 and is_or_does


def _asks_for_a_list(asked: AskedWords) -> bool:
    """'Which companies ...', 'find me five companies'."""
    places = [at for at, word in enumerate(asked.words) if word.does("many_companies")]
    asks = any(word.does("request") for at in places for word in asked.words[max(0, at - _FAR) : at])
    return has_phrase(asked.words, "list") or (asks and not asked.any_does("goes_on"))


def _sure_companies(asked: AskedWords) -> tuple[str, ...]:
    return tuple(one.name for one in asked.asked if one.is_known)


def _is_sure(asked: AskedWords, content: _Content, *, advice: bool) -> bool:
    companies = asked.named(MentionRole.ASKED)
    unknown = set(companies) - set(_sure_companies(asked))
    is_left = content.topics or content.unsure or unknown or not all(map(is_technology, content.sought))
    is_read = asked.is_english and not (is_left or other_languages(asked))
    return is_read and bool(content.areas or advice or companies)


def _no_companies(asked: AskedWords) -> Iterator[str]:
    """What is looked for, people, places, and single words of any question."""
    yield from (one.name.casefold() for one in asked.mentions if one.part is not MentionRole.ASKED)
    yield from (word.small for word in asked.words if is_dull(word) or is_place(word))
