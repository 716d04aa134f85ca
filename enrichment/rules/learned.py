"""config/learned.yaml: rates that use has taught; where people accepted one, it counts instead of that in sources.yaml.

{source: {match_rate | dataset | either of a kind | billed_units: LearnedLine}} + sources as written -> sources as
{a family, as 'source, source': {known_to_any | dataset: LearnedLine}} -> families                      planned with

A kind of company is written after the rate: `match_rate of fin, 51-500`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from enrichment.domain.values import INDUSTRY_GROUPS, SIZE_BANDS, band_name
from enrichment.rules.models import LearnedLine, SourceRules
from enrichment.rules.rule_set import Rules

MATCH_RATE, KNOWN_TO_ANY, BILLED_UNITS = "match_rate", "known_to_any", "billed_units"
LearnedLines = Mapping[str, Mapping[str, LearnedLine]]
_BANDS = frozenset(band_name(low, high) for low, high in SIZE_BANDS)


class RateName(NamedTuple):
    """name: MATCH_RATE, BILLED_UNITS, or the dataset whose fill rate it is.

    industry_group, size_band: '' where not known.
    Both '': the rate of all companies.
    """

    name: str
    industry_group: str = ""
    size_band: str = ""

    @staticmethod
    def parsed(text: str) -> "RateName":
        name, _, kind = text.partition(" of ")
        parts = [part.strip() for part in kind.split(",") if part.strip()]
        groups = [part for part in parts if part not in _BANDS]
        return RateName(name, *(groups[:1] or [""]), *([part for part in parts if part in _BANDS][:1] or [""]))

    def __str__(self) -> str:
        kind = ", ".join(part for part in self[1:] if part)
        return f"{self.name} of {kind}" if kind else self.name


def family_name(sources: Collection[str]) -> str:
    return ", ".join(sorted(sources))


def sources_of_family(name: str) -> tuple[str, ...]:
    """Empty where it is the name of one source."""
    return tuple(part.strip() for part in name.split(",")) if "," in name else ()


def stated_rate(sources: Mapping[str, SourceRules], rate: tuple[str, str]) -> float:
    """rate: source, and MATCH_RATE, BILLED_UNITS or the dataset whose fill rate it is."""
    source, name = rate
    entry = sources[source]
    if name == BILLED_UNITS:
        return float(entry.expected_units)
    return entry.match_rate if name == MATCH_RATE else entry.datasets[name].fill_rate


def with_learned(sources: Mapping[str, SourceRules], learned: LearnedLines) -> dict[str, SourceRules]:
    """The rates of all companies. Names that do not resolve are left out; unknown_names reports them."""
    return {name: _as_learned(entry, _counted(learned.get(name, {}))) for name, entry in sources.items()}


def as_learned(rules: Rules, learned: LearnedLines) -> Rules:
    """The rules as they would be with these lines in config/learned.yaml; their hash stays."""
    sources = with_learned(rules.as_written or rules.sources, learned)
    families = {"families": families_in(learned), "fill_families": fill_families_in(learned)}
    rules = rules.model_copy(update={"learned": learned, "sources": sources, "by_kind": {}, **families})
    return rules.model_copy(update={"by_kind": rules_by_kind(rules)})


def rules_by_kind(rules: Rules) -> dict[tuple[str, str], Rules]:
    """(industry group, size band) -> the rules with the rates of that kind; only kinds that have a counted line."""
    counted = {name: _counted(lines) for name, lines in rules.learned.items()}
    kinds = {(rate.industry_group, rate.size_band) for lines in counted.values() for rate in lines}
    return {
        kind: rules.model_copy(update={"sources": _of_kind(rules.sources, counted, kind)})
        for kind in sorted(kinds - {("", "")})
    }


def families_in(learned: LearnedLines) -> tuple[tuple[frozenset[str], float], ...]:
    """Sources that repeat one another, and the share of companies that any of them can know, of counted lines."""
    found = ((sources_of_family(name), lines.get(KNOWN_TO_ANY)) for name, lines in sorted(learned.items()))
    return tuple((frozenset(sources), line.value) for sources, line in found if sources and line and line.counts)


def fill_families_in(learned: LearnedLines) -> tuple[tuple[str, frozenset[str], float], ...]:
    """Dataset, sources that lack it of the same companies, and the share of which any of them can have it."""
    return tuple(
        (dataset, frozenset(sources), line.value)
        for name, lines in sorted(learned.items())
        if (sources := sources_of_family(name))
        for dataset, line in sorted(lines.items())
        if dataset != KNOWN_TO_ANY and line.counts
    )


def unknown_names(written: Collection[str], sources: Mapping[str, SourceRules], learned: LearnedLines) -> Iterator[str]:
    """A line each. written: names of all sources, also of those that have another problem."""
    in_families, counted = defaultdict[str, set[str]](set), with_learned(sources, learned)
    for source, lines in learned.items():
        where, family = f"config/learned.yaml: {source}", sources_of_family(source)
        for name in family or (source,):
            if name not in written:
                yield f"{where}: there is no source of this name in config/sources.yaml: correct it, or take it out"
        if family:
            yield from _problems_of_family(where, family, lines, counted, in_families)
        elif source in sources:
            yield from _unknown_rates(where, sources[source], source, lines)


def _problems_of_family(
    where: str,
    family: tuple[str, ...],
    lines: Mapping[str, LearnedLine],
    sources: Mapping[str, SourceRules],
    others: Mapping[str, set[str]],
) -> Iterator[str]:
    if len(set(family)) < len(family):
        yield f"{where}: names a source twice: a family is of two different ones at least"
    for rate, line in lines.items():
        if twice := sorted(others[rate].intersection(family)):
            yield f"{where}: {', '.join(twice)} is in another family already: take one of the two out"
        others[rate].update(family)
        lacking = [name for name in family if name in sources and rate not in sources[name].datasets]
        if rate != KNOWN_TO_ANY and lacking:
            yield (
                f"{where}.{rate}: sources together have no such figure: take it out, or write {KNOWN_TO_ANY}, or a "
                "dataset that all of them answer"
            )
        else:
            yield from _impossible(f"{where}.{rate}", line, least=0)
            own = {name: stated_rate(sources, (name, own_rate(rate))) for name in family if name in sources}
            yield from _below_a_source(f"{where}.{rate}", line, own)


def own_rate(of_family: str) -> str:
    """The rate of each source that is at most this figure of its family."""
    return MATCH_RATE if of_family == KNOWN_TO_ANY else of_family


def _below_a_source(where: str, line: LearnedLine, own: Mapping[str, float]) -> Iterator[str]:
    highest = max(own, key=lambda name: own[name], default="")
    if line.counts and highest and line.value < own[highest]:
        yield (
            f"{where}.value: {line.value:g} is below the rate of {highest} alone, {own[highest]:g}: raise it, or "
            f"accept the learned rate of {highest} too"
        )


def _unknown_rates(where: str, entry: SourceRules, source: str, lines: Mapping[str, LearnedLine]) -> Iterator[str]:
    for text, line in lines.items():
        rate = RateName.parsed(text)
        if text == BILLED_UNITS:
            yield from _impossible(f"{where}.{text}", line, least=0, most=None)
            continue
        if rate.name != MATCH_RATE and rate.name not in entry.datasets:
            have = ", ".join((MATCH_RATE, BILLED_UNITS, *sorted(entry.datasets)))
            yield f"{where}.{text}: {source} has no such rate: take it out, or write one of {have}"
        elif str(rate) != text:
            yield f"{where}.{text}: is no kind of company: write it as `{rate.name} of fin, 51-500`"
        elif rate.industry_group and rate.industry_group not in INDUSTRY_GROUPS:
            groups = ", ".join(sorted(INDUSTRY_GROUPS))
            yield f"{where}.{text}: there is no group of industries {rate.industry_group}: write one of {groups}"
        else:
            yield from _impossible(f"{where}.{text}", line)


def _impossible(where: str, line: LearnedLine, *, least: float | None = None, most: float | None = 1) -> Iterator[str]:
    """least: what the value has to be above."""
    for name in ("value", "low", "high", "before"):
        if most is not None and (getattr(line, name) or 0) > most:
            yield f"{where}.{name}: a rate is a number from 0 to 1: correct it"
    if line.low > line.high:
        yield f"{where}: low is above high: correct one of them"
    if least is not None and line.value <= least:
        yield f"{where}.value: has to be above {least:g}: correct it, or take the line out"


def _counted(lines: Mapping[str, LearnedLine]) -> dict[RateName, float]:
    return {RateName.parsed(text): line.value for text, line in lines.items() if line.counts}


def _of_kind(
    sources: Mapping[str, SourceRules], counted: Mapping[str, Mapping[RateName, float]], kind: tuple[str, str]
) -> dict[str, SourceRules]:
    def of_kind(lines: Mapping[RateName, float]) -> dict[RateName, float]:
        return {RateName(rate.name): value for rate, value in lines.items() if rate[1:] == kind}

    return {name: _as_learned(entry, of_kind(counted.get(name, {}))) for name, entry in sources.items()}


def _as_learned(entry: SourceRules, counted: Mapping[RateName, float]) -> SourceRules:
    of_all = {rate.name: value for rate, value in counted.items() if rate[1:] == ("", "")}
    if not of_all:
        return entry
    datasets = {
        name: promise.model_copy(update={"fill_rate": of_all[name]}) if name in of_all else promise
        for name, promise in entry.datasets.items()
    }
    units = entry.expected_units
    if BILLED_UNITS in of_all:  # more than max_units is never expected: a bill above it suspends the source
        units = min(Decimal(str(of_all[BILLED_UNITS])), Decimal(entry.max_units))
    rates = {MATCH_RATE: of_all.get(MATCH_RATE, entry.match_rate), "datasets": datasets}
    return entry.model_copy(update={**rates, "expected_units": units})
