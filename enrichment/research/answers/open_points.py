"""What a question asks that no claim of its answer says: by area, by role, by word; with what was asked for it. Pure.

question's parts + claims + what is known -> OpenPoint ...
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from enrichment.analysis.orders import what_is_offered
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.research import Persona
from enrichment.domain.values import EmployeeCount, NewsItem, Technology
from enrichment.pipeline.enrich import Enriched
from enrichment.planning.quote import expected_price
from enrichment.research.answers.answer import OpenPoint, asked_for, asked_for_each, day_in_words
from enrichment.research.answers.missing_reasons import not_reached
from enrichment.research.answers.people import themes_sold
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.event_days import WithinWindow, event_day
from enrichment.research.evidence.passages import VENDOR_READS, Sides
from enrichment.research.evidence.relevance import stem_of, words_in
from enrichment.research.evidence.themes import themes_in
from enrichment.research.questions.areas import AREAS, roles_in, telling_of
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.questions.looked_for import LookedFor
from enrichment.research.questions.to_the_point import Point, is_of_events, speaks_of, subjects_of
from enrichment.research.questions.topics import PAGE, RESULTS
from enrichment.rules import Rules
from enrichment.rules.names_for_people import all_called, called

_FIGURES = ("employee_count", "revenue", "founded")
_FITS = re.compile(r"\bfits?\b", re.IGNORECASE)
_SEARCHED = frozenset({RESULTS, PAGE})


def is_told_without(dataset: str, told: Collection[str], rules: Rules) -> bool:
    """Whether what an analysis would say of a narrow question is told by what it reads. told: datasets of claims."""
    of_analysis = dataset in rules.datasets and rules.datasets[dataset].analysis is not None
    return of_analysis and not set(told).isdisjoint(telling_of(dataset))


def unanswered_areas(
    parts: QuestionParts, claims: Sequence[CheckedClaim], company: Company, known: Known, rules: Rules
) -> Iterator[OpenPoint]:
    """Areas of a narrow question of which no claim tells, with the sources that could have told of them."""
    if parts.is_whole:
        return
    cited = {one.passage.dataset for claim in claims for one in claim.citations if one.side == "company"}
    for area in AREAS:
        if area.name in parts.areas and cited.isdisjoint((*area.told_by, *_SEARCHED)):
            datasets = dict.fromkeys((*area.datasets, *area.told_by))
            asked = asked_for_each(datasets, known, rules)
            yield OpenPoint(area.name, "nothing that was found tells of it", company.key, asked)


def none_within(within: WithinWindow, since: date, parts: QuestionParts, company: Company) -> Iterator[OpenPoint]:
    """Areas of a narrow question of which all that is known is older than it asks for."""
    for area in AREAS:
        days = [day for dataset, day in within.newest.items() if dataset in area.told_by]
        if area.name in parts.areas and days:
            why = f"none since {day_in_words(since)} is known; the newest is of {day_in_words(max(days))}"
            yield OpenPoint(area.name, why, company.key)


def unanswered_aspects(
    point: Point, claims: Sequence[CheckedClaim], company: Company, known: Known, rules: Rules
) -> Iterator[OpenPoint]:
    """What a narrow question asks in particular and no claim says: layoffs, say, though growth is told of.

    Of a question with subjects it is these that are told of, or not.
    """
    for aspect in () if point.subjects else point.aspects:
        said = (aspect.rank(one.citations[0].passage, one.citations[0].quote) for one in claims)
        if aspect.asked_by and all(rank is None for rank in said):
            asked = asked_for_each(aspect.datasets, known, rules)
            why = none_speaks(known, aspect.datasets) or "nothing that was found says it"
            yield OpenPoint(aspect.name, why, company.key, asked)


def none_speaks(known: Known, datasets: Collection[str]) -> str:
    """How many headlines were read in vain, and of which days they are; empty: the datasets have none."""
    news = [fact.value for fact in known.facts if fact.dataset in datasets and isinstance(fact.value, NewsItem)]
    if not news:
        return ""
    days = sorted(day for one in news if (day := event_day(one)) is not None)
    of = f", of {day_in_words(days[0])} to {day_in_words(days[-1])}," if days else " that are known"
    return f"none of {in_number(len(news), 'headline')}{of} speaks of it"


def only_ranges(point: Point, claims: Sequence[CheckedClaim], company: Company) -> Iterator[OpenPoint]:
    """An open point where headcounts are asked for, and only ranges without an upper end are known."""
    counts = [one.citations[0].passage.facts[0].value for one in claims]
    known = [value for value in counts if isinstance(value, EmployeeCount)]
    if known and not any(value.closed for value in known) and any(one.name == "headcount" for one in point.aspects):
        yield OpenPoint("employee_count", "how many exactly is not known", company.key)


def sources_differ(claims: Sequence[CheckedClaim]) -> Iterator[OpenPoint]:
    """An open point for a figure of which sources state several, with each of them."""
    for dataset in _FIGURES:
        cited = [one.citations[0] for one in claims if one.citations[0].passage.dataset == dataset and not one.derived]
        cited.sort(key=lambda one: (-one.passage.facts[0].reliability, -one.passage.facts[0].collected_at.timestamp()))
        said = {one.quote: called(one.passage.facts[0].source) for one in cited}
        if len(said) > 1:
            each = ", ".join(f"{quote} ({source})" for quote, source in said.items())
            yield OpenPoint(dataset, f"sources differ: {each}; the first is the most reliable", cited[0].company_key)


def role_unknown(company: Company, known: Known, rules: Rules, end: Enriched | None = None) -> OpenPoint:
    """An open point where contacts are known, and none has the role that is asked for. end: of the request for them."""
    asked = (
        one.replace(": some", ": contacts, none of them with this role")
        for one in asked_for("key_contacts", known, rules)
    )
    away = not_reached("key_contacts", end, rules)
    why = "; ".join(filter(None, ("no known contact has this role", away)))
    return OpenPoint("key_contacts", why, company.key, tuple(asked))


def unfound_words(parts: QuestionParts, claims: Sequence[CheckedClaim]) -> list[str]:
    """What a narrow question looks for, where no claim's evidence has a word of it.

    What an aspect asks for in other words is an open point of that.
    """
    if parts.is_whole:
        return []
    if is_of_events(parts.areas):
        subjects = subjects_of(parts.sought, parts.areas, parts.text)
        quoted = [one.passage.text for claim in claims for one in claim.citations]
        return [words for words in subjects if not any(speaks_of(quote, words) for quote in quoted)]
    shown = {stem_of(word) for claim in claims for one in claim.citations for word in words_in(one.passage.text)}
    private = {stem_of(word) for what in parts.unanswerable for word in words_in(what)}
    words_sought = [words for words in parts.sought if not roles_in(words)]  # a role has an open point of its own
    return [words for words in words_sought if {*map(stem_of, words_in(words))}.isdisjoint(shown | private)]


def not_among_the_known(company: Company, found: LookedFor, known: Known, rules: Rules) -> list[OpenPoint]:
    """Technologies and people that a question names, and that are not among those known of the company."""
    why = f"it is not among the {in_number(found.known_technologies, 'technology')} that are known"
    why = why if found.known_technologies else "no technology of it is known"
    asked = asked_for("tech_stack", known, rules)
    points = [OpenPoint(one, why, company.key, asked) for one in found.technologies]
    of_kind = f"none of the {in_number(found.known_technologies, 'technology')} that are known is one"
    of_kind = of_kind if found.known_technologies else "no technology of it is known"
    points += [OpenPoint(one, of_kind, company.key, asked) for one in found.kinds]
    asked = asked_for("key_contacts", known, rules)
    return [*points, *(OpenPoint(one, "no known contact has this name", company.key, asked) for one in found.people)]


def left_out_points(
    company: Company, left_out: Mapping[str, str], missing: Collection[str], rules: Rules
) -> list[OpenPoint]:
    """Open points for what a cap left out of datasets that are answered.

    missing: datasets that are open points already.
    """
    spared = [
        name for name in left_out if name in rules.sources and set(rules.sources[name].datasets).isdisjoint(missing)
    ]
    if not spared:
        return []
    why = f"the budget left too little for {all_called(sorted(spared))}"
    return [OpenPoint("more of the same", why, company.key, micro_usd=sum(expected_price(rules, s) for s in spared))]


def nothing_to_recommend(sides: Sides) -> OpenPoint:
    vendor, company = sides.vendor.name or sides.vendor.key, sides.company.name or sides.company.key
    why = f"nothing that is known of {company} meets what is known of what {vendor} offers"
    return OpenPoint(f"a recommendation for {company}", why)


def nobody_fits(sides: Sides, persona: Persona) -> OpenPoint:
    """An open point where people are named by their rank alone."""
    sold = what_is_offered(persona.sells) or persona.company
    why = f"no title that is known has to do with {sold}: those of the highest rank are named"
    return OpenPoint("a contact for what you sell", why, sides.company.key)


def none_fits(sides: Sides, claims: Sequence[CheckedClaim], text: str, persona: Persona) -> list[OpenPoint]:
    """An open point where it is asked which of the technologies fit what is sold, and those that are said do not."""
    tools = [
        one.citations[0].passage for one in claims if isinstance(one.citations[0].passage.facts[0].value, Technology)
    ]
    fits = [one for one in tools if not themes_sold(sides).keys().isdisjoint(themes_in(one.text))]
    if not tools or fits or _FITS.search(text) is None:
        return []
    sold = what_is_offered(persona.sells) or persona.company
    return [
        OpenPoint("what fits what you sell", f"no technology that is known has to do with {sold}", sides.company.key)
    ]


def reserved_point(micro_usd: int) -> OpenPoint:
    """micro_usd: of the session's budget."""
    why = f"{in_usd(micro_usd)} USD of it is reserved for calls whose end is not known: it is free again once that is"
    return OpenPoint("the budget", why)


def vendor_cut_short(vendor: Company, left_out: Mapping[str, str], rules: Rules) -> OpenPoint:
    """left_out: source or analysis -> why a cap did not allow it."""
    cost = sum(expected_price(rules, source) for source in left_out if source in rules.sources)
    why = f"the budget left too little for {all_called(sorted(left_out))}"
    return OpenPoint(f"more of what {vendor.name or vendor.key} offers", why, micro_usd=cost or None)


def vendor_unknown(vendor: Company, known: Known, rules: Rules) -> OpenPoint:
    """An open point with each source that was asked what the seller's company offers."""
    reads = ("domain", *VENDOR_READS)
    asked = asked_for_each(reads, known, rules)
    why = "no source that was asked knows more of it than what you say; what is recommended rests on that alone"
    return OpenPoint(f"what {vendor.name or vendor.key} offers", why, asked=asked)
