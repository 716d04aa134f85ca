"""What a question looks for by name among what is known of a company: a technology, a person. Pure.

facts + names looked for -> the facts that a narrow question is answered from, and the names that none of them has

"Does Acme use Oracle?" is answered from what is known of Oracle at Acme, or by saying that it is not known.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from enrichment.analysis.evidence import fact_text
from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.knowledge import Fact
from enrichment.domain.plain_text import any_of
from enrichment.domain.values import Contact, Technology
from enrichment.identity.letters import fold
from enrichment.parsing.technologies import named_technologies
from enrichment.research.evidence.relevance import stem_of, words_in

_KINDS = tuple(
    (category, listed(words)) for category, words in rows_of("enrichment.research.questions", "technology_kinds")
)
_TELL_OF_USE = frozenset({"hiring_trends", "recent_news", "website_passages", "page_passages", "topic_results"})


@dataclass(frozen=True, slots=True)
class LookedFor:
    """asked_technologies: names that are looked for. technologies, people: those of which nothing is known.

    known_technologies: how many are. kinds_asked: kinds of technologies, such as 'crm'. kinds: those of which none is
    known.
    """

    facts: tuple[Fact, ...]
    asked_technologies: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    known_technologies: int = 0
    kinds_asked: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def looked_for(facts: Sequence[Fact], sought: Iterable[str], areas: Sequence[str], question: str = "") -> LookedFor:
    """The facts looked for: other technologies are dropped, other people too where one looked for is known."""
    kinds = _kinds_asked(question) if "technology" in areas else {}
    names = tuple(name for name in sought if name.casefold() not in kinds)
    runs_on = {fold(fact.value.name) for fact in facts if isinstance(fact.value, Technology)}
    wanted = [name for name in names if "technology" in areas and _is_one_name(name)]
    missing = tuple(name for name in wanted if not any(_is_it(name, known) for known in runs_on))
    people = {fold(fact.value.full_name) for fact in facts if isinstance(fact.value, Contact)}
    persons = [name for name in names if "people" in areas and name.istitle()]
    known = [name for name in persons if fold(name) in people]
    kept = [fact for fact in facts if _is_among(fact, wanted, known)]
    unknown = tuple(name for name in persons if name not in known)
    uses = () if wanted or kinds or {*areas} != {"technology"} else _uses_asked(names, question)
    if uses:
        return _of_uses(kept, uses, unknown, len(runs_on))
    if not kinds or wanted:
        return LookedFor(tuple(kept), tuple(wanted), missing, unknown, len(runs_on))
    of_kind = [
        fact for fact in kept if not isinstance(fact.value, Technology) or _category(fact.value) in kinds.values()
    ]
    has_some = any(isinstance(fact.value, Technology) for fact in of_kind)
    return LookedFor(tuple(of_kind), (), (), unknown, len(runs_on), (*kinds,), () if has_some else (next(iter(kinds)),))


def _uses_asked(names: Iterable[str], question: str) -> tuple[str, ...]:
    """What technologies are to be for: 'tracking', of 'technologies for tracking'; of several words the last counts."""
    words = (name for name in names if name.islower() and all(map(str.isalpha, name.split())))
    return tuple(name for name in words if any_of((name,)).search(question))


def _of_uses(facts: Sequence[Fact], uses: Sequence[str], unknown: tuple[str, ...], known: int) -> LookedFor:
    """Of the technologies those whose name, category or text speaks of a use; where none does, that is said."""
    stems = {stem_of(use.split()[-1]) for use in uses}
    kept = [fact for fact in facts if not isinstance(fact.value, Technology) or _speaks_of(fact, stems)]
    missing = () if any(isinstance(fact.value, Technology) for fact in kept) else tuple(uses[:1])
    return LookedFor(tuple(kept), (), (), unknown, known, tuple(uses), missing)


def _speaks_of(fact: Fact, stems: Collection[str]) -> bool:
    category = _category(fact.value) if isinstance(fact.value, Technology) else None
    words = words_in(f"{fact_text(fact.value)} {category or ''}".replace("_", " "))
    return not {stem_of(word) for word in words}.isdisjoint(stems)


def words_of_kinds() -> tuple[str, ...]:
    """Words by which kinds of technologies are asked for."""
    return tuple(word for _, words in _KINDS for word in words)


def _kinds_asked(question: str) -> dict[str, str]:
    """Word of the question -> the category that it asks for; the longest word alone, where one is inside another."""
    shown = [(word, category) for category, words in _KINDS for word in words if any_of((word,)).search(question)]
    return {
        word: category for word, category in shown if not any(word != other and word in other for other, _ in shown)
    }


def _category(technology: Technology) -> str | None:
    found = named_technologies(technology.name)
    return found[0].category if found else technology.category


def mentions(facts: Iterable[Fact], technologies: Iterable[str]) -> list[Fact]:
    """What tells of a technology that is not among those known: 'We are replacing SailPoint'."""
    names = [re.compile(rf"(?<!\w){re.escape(fold(name))}(?!\w)") for name in technologies]
    texts = ((fact, fold(fact_text(fact.value))) for fact in facts if fact.dataset in _TELL_OF_USE)
    return [fact for fact, text in texts if any(name.search(text) for name in names)]


def _is_among(fact: Fact, technologies: Sequence[str], people: Sequence[str]) -> bool:
    """Whether a fact is looked for, or of a kind that is not narrowed."""
    if technologies and isinstance(fact.value, Technology):
        return any(_is_it(name, fold(fact.value.name)) for name in technologies)
    if people and isinstance(fact.value, Contact):
        return any(fold(fact.value.full_name) == fold(name) for name in people)
    return True


def _is_one_name(name: str) -> bool:
    """A name with a capital, or that of a technology; words such as 'payroll provider' are none."""
    return name[:1].isupper() or name.isupper() or bool(_canonical(name))


def _canonical(name: str) -> str:
    found = named_technologies(name) or named_technologies(name.title()) or named_technologies(name.upper())
    return fold(found[0].name) if found else ""


def _is_it(name: str, known: str) -> bool:
    """'Oracle' is Oracle Database too, AWS is Amazon Web Services."""
    wanted = {fold(name), _canonical(name)} - {""}
    return any(known == one or known.startswith(f"{one} ") for one in wanted)
