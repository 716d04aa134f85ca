"""The figures of each vendor, from the published warehouse and the replay of past requests.

sources.answers, build.facts, comparable answers, History -> VendorFigures, the dearest vendor first
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import duckdb

from enrichment.learning.answer_patterns import Answer
from enrichment.learning.drift import levels_since
from enrichment.learning.estimate_reliability import Estimate
from enrichment.learning.fallen_rates import Fall, fall_of
from enrichment.learning.likely_value import probabilities
from enrichment.learning.pooled_rates import Count
from enrichment.learning.share_interval import wilson
from enrichment.pipeline.backtest.compare import replayable
from enrichment.pipeline.backtest.history import History
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome, rerun
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.rules import MATCH_RATE, Rules
from resources.vendor_report.intervals import FEWEST_DAYS, Figure, RatioSums, share
from resources.warehouse.answer_counts import answers_by_day
from resources.warehouse.comparable_answers import ComparableAnswers, comparable_answers, estimates

MOST_REPLAYED = 1_000
"""The most requests that are replayed; each takes 4 ms of CPU for each vendor, and once with all vendors."""
_TOTALS = """
WITH thresholds AS (SELECT unnest(?) AS dataset, unnest(?) AS threshold), answered AS (
    SELECT
        provider, count(*) AS asked, count(*) FILTER (found) AS found,
        quantile_cont(latency_seconds, 0.5) AS p50, quantile_cont(latency_seconds, 0.95) AS p95
    FROM sources.answers GROUP BY provider
), given AS (
    SELECT
        purchase_id, count(*) AS facts, sum(quality) AS quality,
        count(*) FILTER (f.quality >= t.threshold AND NOT f.last_resort) AS good
    FROM build.facts AS f JOIN thresholds AS t USING (dataset) GROUP BY ALL
), bought AS (
    SELECT
        p.provider, CAST(p.cost_usd AS DOUBLE) AS usd, coalesce(g.facts, 0) AS facts, coalesce(g.quality, 0) AS quality,
        coalesce(g.good, 0) AS good, p.outcome = 'failed' OR p.state IN ('released', 'uncertain') AS has_failed
    FROM spend.purchases AS p LEFT JOIN given AS g USING (purchase_id) WHERE p.source NOT LIKE 'analysis:%'
), paid AS (
    SELECT
        provider, sum(usd) AS usd, count(*) FILTER (has_failed) AS failed, sum(good) AS good,
        [count(*) FILTER (facts > 0), sum(quality), sum(facts), sum(quality * quality), sum(quality * facts),
            sum(facts * facts)] AS of_quality,
        [count(*), sum(usd), sum(good), sum(usd * usd), sum(usd * good), sum(good * good)] AS of_price
    FROM bought GROUP BY provider HAVING sum(usd) > 0 OR failed > 0 OR sum(facts) > 0
)
SELECT
    provider, coalesce(asked, 0), coalesce(found, 0), p50, p95, coalesce(usd, 0), coalesce(failed, 0),
    coalesce(good, 0), of_quality, of_price
FROM answered FULL JOIN paid USING (provider) ORDER BY coalesce(usd, 0) DESC, provider
"""
_BY_DAY = """
SELECT provider, CAST("at" AS DATE) AS day, count(*) FILTER (found), count(*)
FROM sources.answers GROUP BY ALL ORDER BY ALL
"""
_BY_DAY_AND_LEVEL = {
    "quality": """
        SELECT source, CAST("at" AS DATE) AS day, mean_quality AS figure, CAST(round(10 * figure) AS INTEGER) AS level
        FROM sources.answers WHERE found AND mean_quality IS NOT NULL
    """,
    "billed units": """
        SELECT source, CAST(closed_at AS DATE) AS day, list_sum(map_values(units)) AS figure,
            CAST(figure AS INTEGER) AS level
        FROM spend.purchases WHERE state = 'settled' AND outcome = 'found' AND figure IS NOT NULL
    """,
    "price of a unit, USD": """
        SELECT source, CAST(closed_at AS DATE) AS day, CAST(cost_usd AS DOUBLE) / list_sum(map_values(units)) AS figure,
            CAST(round(1e6 * figure) AS INTEGER) AS level
        FROM spend.purchases WHERE state = 'settled' AND outcome = 'found' AND list_sum(map_values(units)) > 0
    """,
    "seconds": """
        SELECT source, CAST("at" AS DATE) AS day, latency_seconds AS figure,
            CAST(round(2 * log2(greatest(figure, 0.01))) AS INTEGER) AS level
        FROM sources.answers WHERE latency_seconds IS NOT NULL
    """,
}
"""Figure -> one row per answer; level: so coarse that there are few, as each is looked at by itself."""


@dataclass(frozen=True, slots=True)
class WithoutIt:
    """What past requests would have cost and lacked without the vendor: differences to the rules of now.

    micro_usd: below 0: it would have been cheaper. complete: requests with every required dataset. of: how many were
    asked in that time, of which requests were replayed. with_it, without_it: USD for each complete one.
    """

    requests: int
    of: int
    micro_usd: int
    micro_usd_interval: tuple[float, float] | None
    complete: int
    complete_interval: tuple[float, float] | None
    with_it: Figure | None
    without_it: Figure | None


@dataclass(frozen=True, slots=True)
class Disputes:
    """Companies about which another source contradicts it; lost: another value is more likely right."""

    all: int = 0
    lost: int = 0
    right: int = 0
    checked: int = 0

    @property
    def share_lost(self) -> Figure | None:
        return share(self.lost, self.all)

    @property
    def share_right(self) -> Figure | None:
        return share(self.right, self.checked)


@dataclass(frozen=True, slots=True)
class FigureChange:
    """of: what changed of the source's answers. before, now: its mean until that day, and since."""

    source: str
    of: str
    since: date
    before: Figure
    now: Figure


@dataclass(frozen=True, slots=True)
class VendorFigures:
    """failed: calls without a usable answer. match: its 90 % interval. days: usable answers by day.

    falls: its sources whose match rate fell. changes: of quality, bills and seconds of its sources.
    """

    provider: str
    asked: int
    found: int
    failed: int
    match: tuple[float, float]
    quality: Figure | None
    usd: float
    good_facts: int
    usd_per_good_fact: Figure | None
    latency: tuple[float | None, float | None]
    days: Sequence[tuple[date, Count]]
    falls: Mapping[str, Fall]
    changes: Sequence[FigureChange]
    disputes: Disputes
    without: WithoutIt | None

    @property
    def share_failed(self) -> Figure | None:
        return share(self.failed, self.asked + self.failed)


def vendor_figures(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    history: History,
    *,
    unavailable: Mapping[str, str],
    policies: PolicyCache = IN_MEMORY,
) -> list[VendorFigures]:
    """Nothing is bought. connection: of a published warehouse. history: the requests that are replayed."""
    thresholds = {name: entry.quality_threshold for name, entry in rules.datasets.items()}
    totals = connection.execute(_TOTALS, [[*thresholds], [*thresholds.values()]]).fetchall()
    days, falls = _by_day(connection), falls_of_sources(connection, rules)
    changes = [one for one in changes_of_sources(connection) if one.source in rules.sources]
    contradicted = _disputes(rules, comparable_answers(connection, rules))
    without = _without_each(rules, history, unavailable, policies, [row[0] for row in totals])
    return [
        VendorFigures(
            provider=provider,
            asked=asked,
            found=found,
            failed=failed,
            match=wilson(found, asked),
            quality=RatioSums(*of_quality).figure() if of_quality else None,
            usd=usd,
            good_facts=good,
            usd_per_good_fact=RatioSums(*of_price).figure() if of_price else None,
            latency=(p50, p95),
            days=days.get(provider, []),
            falls={source: fall for source, fall in falls.items() if rules.sources[source].provider == provider},
            changes=[one for one in changes if rules.sources[one.source].provider == provider],
            disputes=contradicted.get(provider, Disputes()),
            without=without.get(provider),
        )
        for provider, asked, found, p50, p95, usd, failed, good, of_quality, of_price in totals
    ]


def falls_of_sources(connection: duckdb.DuckDBPyConnection, rules: Rules) -> dict[str, Fall]:
    """Sources of the rules whose match rate is below the interval it had before a change, until people accept it."""
    by_source = answers_by_day(connection, [(source, MATCH_RATE) for source in rules.sources])
    found = ((source, fall_of(days, _accepted(rules, source))) for (source, _), days in by_source.items())
    return {source: fall for source, fall in found if fall is not None}


def _accepted(rules: Rules, source: str) -> float | None:
    """The match rate that people accepted or pinned: a line that a night accepted by itself is none."""
    line = rules.learned.get(source, {}).get(MATCH_RATE)
    return line.value if line is not None and line.counts and line.renewed is None else None


def changes_of_sources(connection: duckdb.DuckDBPyConnection) -> list[FigureChange]:
    """Changes of quality, bills or seconds that chance does not explain, by source."""
    found = (change for of, query in _BY_DAY_AND_LEVEL.items() for change in _changes(connection, of, query))
    return sorted(found, key=lambda change: (change.source, change.of))


def _changes(connection: duckdb.DuckDBPyConnection, of: str, query: str) -> Iterator[FigureChange]:
    days: dict[str, dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    sums: dict[tuple[str, date], tuple[float, int]] = {}
    rows = connection.execute(
        f"SELECT source, day, level, sum(figure), count(*) FROM ({query}) GROUP BY ALL ORDER BY ALL"  # noqa: S608  ours
    )
    for source, day, level, total, times in rows.fetchall():
        days[source][day][level] = times
        so_far, count = sums.get((source, day), (0.0, 0))
        sums[source, day] = so_far + float(total), count + times
    for source, by_day in days.items():
        if first := levels_since([*by_day.values()]):
            dates = [*by_day]
            parts = ([sums[source, day] for day in some] for some in (dates[:first], dates[first:]))
            before, now = (
                RatioSums.of(part).figure(FEWEST_DAYS) for part in parts
            )  # by days: answers of a day are no witnesses apart
            if before is not None and now is not None:
                yield FigureChange(source, of, dates[first], before, now)


def _by_day(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[date, Count]]]:
    """The counts by day for each vendor."""
    days: dict[str, list[tuple[date, Count]]] = defaultdict(list)
    for name, day, hits, tries in connection.execute(_BY_DAY).fetchall():
        days[name].append((day, Count(hits, tries)))
    return days


def _disputes(rules: Rules, found: Mapping[str, ComparableAnswers]) -> dict[str, Disputes]:
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for dataset, estimate in estimates(found, rules):
        for source, figures in estimate.figures.sources.items():
            sums = counted[rules.sources[source].provider]
            sums[2] += figures.right
            sums[3] += figures.checked
        for source, lost in _contradicted(found[dataset].answers, estimate):
            sums = counted[rules.sources[source].provider]
            sums[0] += 1
            sums[1] += lost
    return {provider: Disputes(*sums) for provider, sums in counted.items()}


def _contradicted(answers: Sequence[Answer], estimate: Estimate) -> Iterator[tuple[str, bool]]:
    """Source, whether it lost: for each company about which sources do not agree, by the newest answer of each."""
    by_company: dict[str, dict[str, str]] = defaultdict(dict)
    for answer in answers:
        if answer.counted:
            by_company[answer.company][answer.source] = answer.value
    for stated in by_company.values():
        if len(set(stated.values())) > 1:
            likely = probabilities(stated, estimate.figures, otherwise=estimate.accuracy)
            best = max(likely, key=lambda value: likely[value])
            yield from ((source, value != best) for source, value in stated.items())


def _without_each(
    rules: Rules, history: History, unavailable: Mapping[str, str], policies: PolicyCache, providers: Sequence[str]
) -> dict[str, WithoutIt]:
    """What doing without each vendor changes, by vendor. Empty: no request of the time can be replayed."""
    all_of_them = replayable(history, {"these rules": rules})
    some = _some_companies(all_of_them)
    if not some.requests:
        return {}
    here = rerun(Side(rules, unavailable), some, policies=policies)
    found = {}
    for provider in providers:
        if provider in rules.providers:
            side = Side(rules, {**unavailable, provider: "left out, to see what it is worth"})
            there = rerun(side, some, policies=policies)
            found[provider] = _compared(here, there, len(all_of_them.requests))
    return found


def _some_companies(history: History) -> History:
    """All requests of as many companies as make up the most that are replayed, chosen by a hash of their ids."""
    if len(history.requests) <= MOST_REPLAYED:
        return history
    asked = Counter(request.company_id for request in history.requests)
    chosen, so_far = set[str](), 0
    for company in sorted(asked, key=lambda company: sha256(company.encode()).digest()):
        if so_far + asked[company] > MOST_REPLAYED:
            break
        chosen.add(company)
        so_far += asked[company]
    return replace(history, requests=tuple(one for one in history.requests if one.company_id in chosen))


def _compared(here: SimulationOutcome, there: SimulationOutcome, of: int) -> WithoutIt:
    pairs = [*zip(here.each, there.each, strict=True)]
    costs = Figure.total([without.cost - with_it.cost for with_it, without in pairs])
    complete = Figure.total([without.complete - with_it.complete for with_it, without in pairs])
    return WithoutIt(
        len(pairs),
        of,
        there.spent.cost - here.spent.cost,
        costs.interval,
        there.complete - here.complete,
        complete.interval,
        *(RatioSums.of([(one.cost / 1e6, one.complete) for one in side.each]).figure() for side in (here, there)),
    )
