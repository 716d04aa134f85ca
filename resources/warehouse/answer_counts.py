"""How often sources knew a company, and what they then had, counted by DuckDB: by day, and by kind of company.

sources.answers + rates that are asked about -> counts by day -> RateCounts of each, of the time since it last changed
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

import duckdb

from enrichment.learning.billed_units import Bills
from enrichment.learning.drift import counts_since
from enrichment.learning.families import Answered
from enrichment.learning.lessons import Rate, RateCounts
from enrichment.learning.pooled_rates import Count
from enrichment.rules import MATCH_RATE, Rules

_ONCE = """
CREATE OR REPLACE TEMP TABLE answered_once AS
WITH seen AS (
    SELECT
        source, hash(company_id) AS company, CAST(count(*) AS INTEGER) AS times,
        CAST(count(*) FILTER (found) AS INTEGER) AS times_found,
        max("at") AS newest, max("at") FILTER (found) AS newest_found
    FROM sources.answers GROUP BY ALL
), missed AS (
    SELECT hash(request_id) AS request, min("at") AS first_miss FROM sources.answers WHERE NOT found GROUP BY ALL
)
SELECT
    a.source, s.company, CAST(a."at" AS DATE) AS day, a.found, a.datasets,
    coalesce(a.industry_group, '') AS industry, coalesce(a.size_band, '') AS size,
    coalesce(a."at" > m.first_miss, false) AS after_a_miss,
    s.times, s.times_found, a."at" = s.newest AS is_newest, a."at" = s.newest_found AS is_newest_found
FROM sources.answers AS a SEMI JOIN asked_rates USING (source)
JOIN seen AS s ON s.source = a.source AND s.company = hash(a.company_id)
LEFT JOIN missed AS m ON m.request = hash(a.request_id)
"""
"""A company that is asked about again is the same witness: its answers count as one, for the present the newest."""
_HITS = f"""
CREATE OR REPLACE TEMP VIEW hits AS
SELECT
    source, '{MATCH_RATE}' AS rate, day, industry, size, after_a_miss,
    found AS hit, 1 / times AS weight, is_newest AS counts
FROM answered_once
UNION ALL
SELECT
    a.source, r.rate, day, industry, size, after_a_miss,
    list_contains(a.datasets, r.rate), 1 / times_found, is_newest_found
FROM answered_once AS a JOIN asked_rates AS r USING (source) WHERE a.found AND r.rate <> '{MATCH_RATE}'
"""  # noqa: S608  a constant of ours
_OF_KIND_AS_OF_ALL = 10
"""Answers of a kind by which its own rate begins to count."""
_BY_DAY = f"""
WITH kinds AS (
    SELECT source, rate, day, industry, size, after_a_miss, sum(weight) FILTER (hit) AS hits, sum(weight) AS tries
    FROM hits GROUP BY ALL
), rates AS (
    SELECT source, rate, sum(coalesce(hits, 0)) / sum(tries) AS of_all FROM kinds GROUP BY ALL
), expected AS (
    SELECT
        k.*, r.of_all,
        (sum(coalesce(hits, 0)) OVER kind + {_OF_KIND_AS_OF_ALL} * of_all)
            / (sum(tries) OVER kind + {_OF_KIND_AS_OF_ALL}) AS of_kind
    FROM kinds AS k JOIN rates AS r USING (source, rate)
    WINDOW kind AS (PARTITION BY source, rate, industry, size, after_a_miss)
)
SELECT
    source, rate, day, sum(coalesce(hits, 0) + tries * (of_all - of_kind)) AS hits, sum(tries) AS tries
FROM expected GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  a constant of ours
"""What a day would have brought had it asked about the usual mix of kinds, and as often after another source's miss:
else other lists, or another order of sources, would look like another rate."""
_BY_KIND = """
SELECT source, rate, industry, size, count(*) FILTER (hit), count(*)
FROM hits JOIN since USING (source, rate) WHERE counts AND day >= since.first_day GROUP BY ALL ORDER BY ALL
"""
_TOGETHER = f"""
WITH asked AS (
    SELECT list(source ORDER BY source) AS sources, list(found ORDER BY source) AS matched
    FROM answered_once JOIN since AS s USING (source)
    WHERE s.rate = '{MATCH_RATE}' AND is_newest AND day >= s.first_day GROUP BY company
)
SELECT sources, matched, count(*) FROM asked GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  a constant of ours
_HAD_TOGETHER = """
WITH asked AS (
    SELECT
        list(source ORDER BY source) AS sources,
        list(list_contains(datasets, $dataset) ORDER BY source) AS had
    FROM answered_once JOIN since AS s USING (source)
    WHERE s.rate = $dataset AND is_newest_found AND day >= s.first_day GROUP BY company
)
SELECT sources, had, count(*) FROM asked GROUP BY ALL ORDER BY ALL
"""

_BILLED = """
SELECT p.source, CAST(p.closed_at AS DATE), CAST(list_sum(map_values(p.units)) AS INTEGER) AS billed, count(*)
FROM spend.purchases AS p JOIN billed_sources AS s USING (source)
WHERE p.state = 'settled' AND (p.outcome = 'found' OR s.is_always AND p.outcome = 'nothing') AND billed IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def answer_counts(connection: duckdb.DuckDBPyConnection, rates: Collection[Rate]) -> dict[Rate, RateCounts]:
    """Of a published warehouse. Rates without an answer are left out."""
    days = answers_by_day(connection, rates)
    firsts = {rate: counts_since([count for _, count in seen]) for rate, seen in days.items()}
    since = [(*rate, days[rate][first][0]) for rate, first in firsts.items()]
    _temporary(connection, "since", "source VARCHAR, rate VARCHAR, first_day DATE", since)
    kinds: dict[Rate, dict[tuple[str, str], Count]] = defaultdict(dict)
    for source, rate, industry, size, hits, tries in connection.execute(_BY_KIND).fetchall():
        kinds[source, rate][industry, size] = Count(hits, tries)
    return {
        rate: RateCounts(days[rate][first][0], first > 0, kinds[rate], beginnings=len(days[rate]) if first else 1)
        for rate, first in firsts.items()
    }


def answers_by_day(
    connection: duckdb.DuckDBPyConnection, rates: Collection[Rate]
) -> dict[Rate, list[tuple[date, Count]]]:
    """The oldest day first, a company counted once in all, each day as if it had asked about the usual mix of kinds."""
    _temporary(connection, "asked_rates", "source VARCHAR, rate VARCHAR", [*rates])
    connection.execute(_ONCE)
    connection.execute(_HITS)
    days: dict[Rate, list[tuple[date, Count]]] = defaultdict(list)
    for source, rate, day, hits, tries in connection.execute(_BY_DAY).fetchall():
        days[source, rate].append((day, Count(min(max(hits, 0.0), tries), tries)))
    return dict(days)


def billed_by_day(connection: duckdb.DuckDBPyConnection, rules: Rules) -> dict[str, list[tuple[date, Bills]]]:
    """Source -> what its answers of each day were billed, in units; of sources that bill a match alone: its matches."""
    sources = [(source, entry.charged == "always") for source, entry in rules.sources.items()]
    _temporary(connection, "billed_sources", "source VARCHAR, is_always BOOLEAN", sources)
    found: dict[str, dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for source, day, units, times in connection.execute(_BILLED).fetchall():
        found[source][day][units] = times
    return {source: [*days.items()] for source, days in found.items()}


def answers_together(connection: duckdb.DuckDBPyConnection) -> dict[Answered, int]:
    """What sources answered of one company, for how many. After `answer_counts` on the same connection."""
    return {
        tuple((source, found) for source, found in zip(sources, matched, strict=True)): times
        for sources, matched, times in connection.execute(_TOGETHER).fetchall()
    }


def had_together(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[Answered, int]:
    """Of sources that knew a company, whether they had a dataset of it. After `answer_counts`, likewise."""
    return {
        tuple((source, had) for source, had in zip(sources, matched, strict=True)): times
        for sources, matched, times in connection.execute(_HAD_TOGETHER, {"dataset": dataset}).fetchall()
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Collection[object]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns.split(',')))})", [*rows])  # noqa: S608
