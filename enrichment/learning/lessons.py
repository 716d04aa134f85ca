"""What the rules state beside what use has shown, and the lines that config/learned.yaml should have.

rules + counts of answers -> Lesson of each rate -> lines: pinned ones stay, accepted are renewed, others proposed
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from enrichment.learning.families import FamilyEstimate
from enrichment.learning.pooled_rates import (
    PRIOR_AFTER_CHANGE,
    PRIOR_OBSERVATIONS,
    Count,
    RateEstimate,
    pooled_rates,
)
from enrichment.learning.sequential_test import surely_another
from enrichment.rules import BILLED_UNITS, MATCH_RATE, LearnedLine, Rules
from enrichment.rules.learned import (
    KNOWN_TO_ANY,
    RateName,
    as_learned,
    family_name,
    own_rate,
    sources_of_family,
    stated_rate,
)

Rate = tuple[str, str]
"""Source, and MATCH_RATE, BILLED_UNITS or the dataset whose fill rate it is."""
Kind = tuple[str, str]
"""Industry group and size band, '' where not known."""
_DIGITS = 4
_ENOUGH = 30
"""Answers about a kind of company before it is said to differ: of many kinds, one in ten would by chance."""


@dataclass(frozen=True, slots=True)
class RateCounts:
    """first_day: of the answers that count; has_changed: before it the rate was another one.

    kinds: what was counted since then, for each kind of company. beginnings: days that might have been the first one.
    """

    first_day: date
    has_changed: bool
    kinds: Mapping[Kind, Count]
    beginnings: int = 1


@dataclass(frozen=True, slots=True)
class Lesson:
    """stated: the figure that plans use now. is_sure: that it is wrong, however often one looked.

    never_otherwise: a rate of 1 or 0 is stated, and all answers agree with it.
    kinds: those whose interval does not contain the mean of all, and those of which there is a line. sure_kinds: those
    of them that surely have another rate than all.
    """

    rate: Rate
    stated: float
    learned: RateEstimate
    since: date
    has_changed: bool
    kinds: Mapping[Kind, RateEstimate]
    is_sure: bool = True
    never_otherwise: bool = False
    sure_kinds: frozenset[Kind] = frozenset()

    @property
    def differs(self) -> bool:
        """Whether what plans use now is outside the interval."""
        return not (self.never_otherwise or self.learned.low <= self.stated <= self.learned.high)


def rates_of(rules: Rules) -> Iterator[Rate]:
    for source, entry in rules.sources.items():
        yield source, MATCH_RATE
        yield from ((source, dataset) for dataset in entry.datasets)


def lessons(rules: Rules, counts: Mapping[Rate, RateCounts]) -> list[Lesson]:
    """One lesson for each rate that has answers, in the order of the rules."""
    return [_lesson(rules, rate, counts[rate]) for rate in rates_of(rules) if rate in counts]


def _lesson(rules: Rules, rate: Rate, counted: RateCounts) -> Lesson:
    prior, kinds = stated_rate(rules.as_written or rules.sources, rate), sorted(counted.kinds)
    weight = PRIOR_AFTER_CHANGE if counted.has_changed else PRIOR_OBSERVATIONS
    each = pooled_rates(prior, [counted.kinds[kind] for kind in kinds], weight)
    overall = pooled_rates(prior, [_together(counted)], weight)[0] if len(kinds) > 1 else each[0]
    known = {kind: found for kind, found in zip(kinds, each, strict=True) if any(kind) and found.tries >= _ENOUGH}
    source, name = rate
    lined = {RateName.parsed(text)[1:] for text in rules.learned.get(source, {}) if RateName.parsed(text).name == name}
    apart = {kind: it for kind, it in known.items() if kind in lined or not it.low <= overall.mean <= it.high}
    stated, all_of_them = stated_rate(rules.sources, rate), _together(counted)
    return Lesson(
        rate,
        stated,
        overall,
        counted.first_day,
        counted.has_changed,
        apart,
        is_sure=surely_another(stated, all_of_them, counted.beginnings),
        never_otherwise=all_of_them.hits == stated * all_of_them.tries and stated in (0.0, 1.0),
        sure_kinds=frozenset(
            kind for kind in apart if surely_another(overall.mean, counted.kinds[kind], counted.beginnings * len(known))
        ),
    )


def _together(counted: RateCounts) -> Count:
    """The count over all companies that are asked about, whatever mix of kinds they are."""
    counts = counted.kinds.values()
    return Count(sum(count.hits for count in counts), sum(count.tries for count in counts))


def renewed_lines(
    rules: Rules, learned: Sequence[Lesson], families: Sequence[FamilyEstimate] = ()
) -> dict[str, dict[str, LearnedLine]]:
    """The lines for config/learned.yaml: a line there stays unless there is a newer figure for it."""
    lines = {source: dict(entries) for source, entries in rules.learned.items()}
    for lesson in learned:
        source, name = lesson.rate
        since = lesson.since if lesson.has_changed else None
        _renew(lines, source, name, lesson.learned, proposed=lesson.differs, since=since)
        for kind, found in lesson.kinds.items():
            _renew(lines, source, str(RateName(name, *kind)), found, proposed=True)
    for family in families:
        name = family.dataset or KNOWN_TO_ANY
        _renew(lines, family_name(family.sources), name, family.known, proposed=family.known.high < 1)
    return {source: entries for source, entries in lines.items() if entries}


def doubtful_lines(learned: Sequence[Lesson]) -> frozenset[tuple[str, str]]:
    """Source and name of lines whose evidence may be chance: a night that looks at a rate is one of many."""
    of_all = {lesson.rate for lesson in learned if not lesson.is_sure}
    return frozenset(of_all).union(
        (lesson.rate[0], str(RateName(lesson.rate[1], *kind)))
        for lesson in learned
        for kind in lesson.kinds.keys() - lesson.sure_kinds
    )


def with_possible_families(
    rules: Rules, lines: Mapping[str, Mapping[str, LearnedLine]]
) -> dict[str, dict[str, LearnedLine]]:
    """The lines, with no source of a family at a higher rate than any of the family can have: the rules refuse that.

    The family's figure gives way, or that of the source where people pinned the family's.
    """
    possible = {name: dict(entries) for name, entries in lines.items()}
    counted = as_learned(rules, lines).sources
    for family, entries in lines.items():
        for name, line in entries.items():
            sources = sources_of_family(family)
            if not sources or not line.counts:
                continue
            own, most = own_rate(name), line.value
            if line.use != "pinned":
                most = max(most, *(stated_rate(counted, (source, own)) for source in sources))
                possible[family][name] = line.model_copy(update={"value": most})
            for source in sources:
                its = possible.get(source, {}).get(own)
                if its is not None and its.counts and its.value > most:
                    possible[source][own] = its.model_copy(update={"value": most})
    return possible


def accepted_tonight(
    rules: Rules,
    lines: Mapping[str, Mapping[str, LearnedLine]],
    night: date,
    *,
    doubtful: Collection[tuple[str, str]] = (),
) -> dict[str, dict[str, LearnedLine]]:
    """Lines as they count from this night on by themselves, within the bounds of config/learning.yaml.

    doubtful: lines that do not begin to count by themselves. Done again in one night it changes nothing, as a step is
    taken from what had counted before the night.
    """
    return {
        source: {
            name: _tonight(rules, source, name, line, night, begins=(source, name) not in doubtful)
            for name, line in entries.items()
        }
        for source, entries in lines.items()
    }


def _tonight(rules: Rules, source: str, name: str, line: LearnedLine, night: date, *, begins: bool) -> LearnedLine:
    there = rules.learned.get(source, {}).get(name)
    if line.use == "pinned" or (there is not None and _is_as_it_was(rules, name, there, line)):
        return line if there is None else there
    if there is None or not there.counts:
        if not begins:
            return line
        before = _counts_now(rules, source, name)
    else:
        before = there.before if there.renewed == night and there.before is not None else there.value
    renewed = {"use": "accepted", "renewed": night, "before": round(before, _DIGITS)}
    return line.model_copy(update={"value": _one_step(rules, name, before, line.value), **renewed})


def _one_step(rules: Rules, name: str, before: float, learned: float) -> float:
    bounds, is_rate = rules.learning, name != BILLED_UNITS
    most = bounds.largest_step if is_rate else bounds.largest_step_of_units * before
    step = min(max(learned, before - most), before + most)
    return round(min(max(step, bounds.floor), bounds.ceiling) if is_rate else step, _DIGITS)


def _is_as_it_was(rules: Rules, name: str, there: LearnedLine, line: LearnedLine) -> bool:
    """Whether nothing changes: the evidence is the same, and what is learned counts as far as bounds allow."""
    if _evidence(there) != _evidence(line):
        return False
    return there.value == (_one_step(rules, name, there.value, line.value) if there.counts else line.value)


def _evidence(line: LearnedLine) -> tuple[object, ...]:
    return line.low, line.high, line.answers, line.use


def _counts_now(rules: Rules, source: str, name: str) -> float:
    """What plans use where there is no line that counts."""
    if sources_of_family(source):
        return 1.0
    return stated_rate(rules.sources, (source, RateName.parsed(name).name))


def in_families(learned: Sequence[Lesson], families: Sequence[FamilyEstimate], rules: Rules) -> list[Lesson]:
    """Rates over all companies, where a family counts: a source that is mostly asked after another missed, or lacked
    the dataset, was asked about the harder companies."""
    counting = {(sources, "") for sources, _ in rules.families}
    counting.update((sources, dataset) for dataset, sources, _ in rules.fill_families)
    rates = {
        (source, one.dataset or MATCH_RATE): rate
        for one in families
        if (one.sources, one.dataset) in counting
        for source, rate in one.rates.items()
    }
    return [
        replace(lesson, learned=_moved(lesson.learned, rates[lesson.rate])) if lesson.rate in rates else lesson
        for lesson in learned
    ]


def _moved(found: RateEstimate, mean: float) -> RateEstimate:
    by = mean - found.mean
    return RateEstimate(mean, max(0.0, found.low + by), min(1.0, found.high + by), found.tries)


def _renew(
    lines: dict[str, dict[str, LearnedLine]],
    source: str,
    name: str,
    found: RateEstimate,
    *,
    proposed: bool,
    since: date | None = None,
) -> None:
    before = lines.get(source, {}).get(name)
    if before is None and proposed:
        lines.setdefault(source, {})[name] = _line(found, since)
    elif before is not None and before.use != "pinned":
        lines[source][name] = _line(found, since).model_copy(update={"use": before.use})


def _line(learned: RateEstimate, since: date | None) -> LearnedLine:
    value, low, high = (round(figure, _DIGITS) for figure in (learned.mean, learned.low, learned.high))
    return LearnedLine(value=value, low=low, high=high, answers=learned.tries, since=since)
