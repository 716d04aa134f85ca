"""How learned rates look: what plans use now, what was learned, on how many answers, and what it would change."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.operations.learning import Learned
from enrich_cli.tables import Name, listing
from enrichment.domain.money import in_cents
from enrichment.domain.numbers import in_number
from enrichment.learning.lessons import Kind, Lesson
from enrichment.learning.pooled_rates import RateEstimate
from enrichment.pipeline.backtest.compare import Comparison
from enrichment.rules.learned import KNOWN_TO_ANY, RateName, family_name


def learned_view(learned: Learned) -> RenderableType:
    if not learned.lessons:
        return Text("Nothing was answered yet, so nothing can be learned: enrich some companies first.")
    differing = [lesson for lesson in learned.lessons if lesson.differs or lesson.kinds]
    parts: list[RenderableType] = [_table(learned, differing)] if differing else []
    return Group(*parts, *(Text(line) for line in _remarks(learned, differing)))


def learned_data(learned: Learned) -> dict[str, object]:
    return {
        "rules": learned.rules.hash,
        "rates": [_lesson_data(lesson) for lesson in learned.lessons],
        "families": [
            {
                "sources": sorted(family.sources),
                "dataset": family.dataset or None,
                **asdict(family.known),
                "rates": dict(family.rates),
            }
            for family in learned.families
        ],
        "lines": {
            source: {rate: line.model_dump() for rate, line in entries.items()}
            for source, entries in learned.lines.items()
        },
        "effect": None if learned.effect is None else _effect_data(learned.effect),
    }


def _table(learned: Learned, differing: list[Lesson]) -> Table:
    table = listing("source", "rate", "now", "learned", "90 % interval", "answers", "since", "use")
    for lesson in differing:
        source, rate = lesson.rate
        line = learned.lines.get(source, {}).get(rate)
        since = f"{lesson.since:%Y-%m-%d}" + (", changed" if lesson.has_changed else "")
        table.add_row(
            Name(source),
            Name(rate),
            f"{lesson.stated:.2f}",
            f"{lesson.learned.mean:.2f}",
            _interval(lesson.learned),
            f"{lesson.learned.tries:,}",
            since,
            line.use if line else "",
        )
        for kind, found in lesson.kinds.items():
            its = learned.lines.get(source, {}).get(str(RateName(rate, *kind)))
            of_kind = f"  of {_in_words(kind)}", "", f"{found.mean:.2f}", _interval(found), f"{found.tries:,}", ""
            table.add_row("", *of_kind, its.use if its else "")
    return table


def _remarks(learned: Learned, differing: list[Lesson]) -> Iterator[str]:
    same = len(learned.lessons) - len(differing)
    if same:
        yield f"{in_number(same, 'rate')} of the rules are inside the interval of what was seen."
    for family in learned.families:
        line = learned.lines.get(family_name(family.sources), {}).get(family.dataset or KNOWN_TO_ANY)
        what = (
            f"lack {family.dataset} of the same companies: any of them can have it of"
            if family.dataset
            else "miss the same companies: any of them can know"
        )
        yield (
            f"{family_name(family.sources)} {what} {family.known.mean:.0%} "
            f"({family.known.low:.0%} to {family.known.high:.0%}, {family.known.tries:,} companies"
            f"{'; ' + line.use if line else ''})."
        )
    if learned.effect is not None:
        here, there = learned.effect.here, learned.effect.there
        yield (
            f"The last {in_number(learned.effect.requests, 'request')} would have cost {in_cents(here.spent.cost)} USD "
            f"with the rules of now, {in_cents(there.spent.cost)} USD with all of these rates; completeness, from "
            f"sources, {here.completeness:.1%} and {there.completeness:.1%}."
        )
        for source in sorted({*here.spent.by_source, *there.spent.by_source}):
            before, after = here.spent.by_source.get(source, 0), there.spent.by_source.get(source, 0)
            if before != after:
                yield f"  {source} would have been asked {after:,} times instead of {before:,}."


def after_learning(learned: Learned, path: str, *, is_new: bool, written: bool) -> str:
    """What was done with the lines, and what to do next. is_new: the file has other lines, or is missing."""
    if not is_new:
        return f"{path} has all of this already." if learned.lines else "There is nothing to write: no rate differs."
    answered_by = ", from answers of the sandbox" if learned.settings.sandbox else ""
    if not written:
        return f"add --write to have them in {path}{answered_by}"
    done = f"written to {path}{answered_by}"
    if learned.rules.learning.learn == "automatic":
        return f"{done}: lines with `use: accepted` count in plans from now on, `proposed` ones do not yet"
    return f"{done}: change `use: proposed` to `accepted` where a rate shall count"


def _lesson_data(lesson: Lesson) -> dict[str, object]:
    source, rate = lesson.rate
    return {
        "source": source,
        "rate": rate,
        "now": lesson.stated,
        **asdict(lesson.learned),
        "since": lesson.since.isoformat(),
        "has_changed": lesson.has_changed,
        "kinds": [
            {"industry_group": industry or None, "size_band": size or None, **asdict(found)}
            for (industry, size), found in lesson.kinds.items()
        ],
    }


def _effect_data(effect: Comparison) -> dict[str, object]:
    return {
        "requests": effect.requests,
        "cost_micro_usd": effect.here.spent.cost,
        "cost_micro_usd_learned": effect.there.spent.cost,
        "completeness": effect.here.completeness,
        "completeness_learned": effect.there.completeness,
    }


def _interval(found: RateEstimate) -> str:
    return f"{found.low:.2f} to {found.high:.2f}"


def _in_words(kind: Kind) -> str:
    return ", ".join(part for part in kind if part)
