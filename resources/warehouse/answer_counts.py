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
CREATE OR REPLACE TEMP TABLE had AS
SELECT hash(purchase_id) AS purchase, bit_or(d.bit) AS had
FROM build.facts JOIN asked_datasets AS d USING (dataset) GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE answered AS
SELECT
    s.number AS source, hash(purchase_id) AS purchase, hash(company_id) AS company, hash(request_id) AS request, "at",
    found, k.number AS kind
FROM sources.answers AS a JOIN asked_sources AS s USING (source)
JOIN kinds AS k ON k.industry = coalesce(a.industry_group, '') AND k.size = coalesce(a.size_band, '');
CREATE OR REPLACE TEMP TABLE answered_once AS
WITH seen AS (
    SELECT
        source, company, count(*) AS times, count(*) FILTER (found) AS times_found,
        max("at") AS newest, max("at") FILTER (found) AS newest_found
    FROM answered GROUP BY ALL
), missed AS (
    SELECT request, min("at") AS first_miss FROM answered WHERE NOT found GROUP BY ALL
)
SELECT
    a.source, a.company, CAST(a."at" AS DATE) AS day, a.found, coalesce(h.had, 0) AS had, a.kind,
    coalesce(a."at" > m.first_miss, false) AS after_a_miss,
    CAST(s.times AS INTEGER) AS times, CAST(s.times_found AS INTEGER) AS times_found,
    a."at" = s.newest AS is_newest, coalesce(a."at" = s.newest_found, false) AS is_newest_found
FROM answered AS a JOIN seen AS s USING (source, company) LEFT JOIN missed AS m USING (request)
LEFT JOIN had AS h USING (purchase);
DROP TABLE had;
DROP TABLE answered
"""
"""A company that is asked about again is the same witness: its answers count as one, for the present the newest.

Numbers instead of names, and a bit for each dataset: all other queries read this one, of some 60 bytes an answer.
"""
_NAMED = """
CREATE OR REPLACE TEMP TABLE asked_sources AS
SELECT source, CAST(row_number() OVER (ORDER BY source) - 1 AS UTINYINT) AS number, 1::HUGEINT << number AS bit
FROM (SELECT DISTINCT source FROM asked_rates);
CREATE OR REPLACE TEMP TABLE asked_datasets AS
SELECT dataset, 1::HUGEINT << CAST(row_number() OVER (ORDER BY dataset) - 1 AS INTEGER) AS bit
FROM (SELECT DISTINCT rate AS dataset FROM asked_rates);
CREATE OR REPLACE TEMP TABLE kinds AS
SELECT industry, size, CAST(row_number() OVER (ORDER BY industry, size) AS USMALLINT) AS number
FROM (SELECT coalesce(industry_group, '') AS industry FROM marts.companies UNION SELECT '')
CROSS JOIN (SELECT coalesce(size_band, '') AS size FROM marts.companies UNION SELECT '')
"""
_HITS = f"""
CREATE OR REPLACE TEMP VIEW hits AS
WITH alike AS (
    SELECT
        source, day, kind, after_a_miss, found, had, is_newest, is_newest_found,
        sum(1 / times) AS of_times, sum(1 / times_found) FILTER (found) AS of_times_found, count(*) AS answers
    FROM answered_once GROUP BY ALL
), named AS (
    SELECT s.source, day, industry, size, after_a_miss, a.* EXCLUDE (source, day, kind, after_a_miss)
    FROM alike AS a JOIN asked_sources AS s ON s.number = a.source JOIN kinds AS k ON k.number = a.kind
)
SELECT
    source, '{MATCH_RATE}' AS rate, day, industry, size, after_a_miss,
    found AS hit, of_times AS weight, is_newest AS counts, answers
FROM named
UNION ALL
SELECT
    a.source, r.rate, day, industry, size, after_a_miss, had & d.bit <> 0, of_times_found, is_newest_found, answers
FROM named AS a JOIN asked_rates AS r USING (source) JOIN asked_datasets AS d ON d.dataset = r.rate
WHERE a.found AND r.rate <> '{MATCH_RATE}'
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
SELECT source, rate, industry, size, coalesce(sum(answers) FILTER (hit), 0), sum(answers)
FROM hits JOIN since USING (source, rate) WHERE counts AND day >= since.first_day GROUP BY ALL ORDER BY ALL
"""
_TOGETHER = """
WITH about AS (
    SELECT
        bit_or(s.bit) AS asked,
        coalesce(bit_or(s.bit) FILTER (CASE WHEN $dataset IS NULL THEN found ELSE had & d.bit <> 0 END), 0) AS positive
    FROM answered_once AS a JOIN asked_sources AS s ON s.number = a.source
    JOIN since ON since.source = s.source AND since.rate = coalesce($dataset, $match_rate)
    LEFT JOIN asked_datasets AS d ON d.dataset = $dataset
    WHERE CASE WHEN $dataset IS NULL THEN is_newest ELSE is_newest_found END AND day >= since.first_day GROUP BY company
)
SELECT asked, positive, count(*) FROM about GROUP BY ALL ORDER BY ALL
"""
"""A bit for each source, by name: two numbers for a company, however many sources answered about it."""

_BILLED = """
SELECT p.source, CAST(p.closed_at AS DATE), CAST(list_sum(map_values(p.units)) AS INTEGER) AS billed, count(*)
FROM spend.purchases AS p JOIN billed_sources AS s USING (source)
WHERE p.state = 'settled' AND (p.outcome = 'found' OR s.is_always AND p.outcome = 'nothing') AND billed IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def answer_counts(connection: duckdb.DuckDBPyConnection, rates: Collection[Rate]) -> dict[Rate, RateCounts]:
    """The counts in a published warehouse. Rates without an answer are left out."""
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
    connection.execute("SET preserve_insertion_order = false")  # else a large table is kept in memory until it is whole
    connection.execute(_NAMED)
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
    return _together(connection, None)


def had_together(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[Answered, int]:
    """How often sources that knew a company together had a dataset of it or lacked it. Call `answer_counts` first."""
    return _together(connection, dataset)


def _together(connection: duckdb.DuckDBPyConnection, dataset: str | None) -> dict[Answered, int]:
    bits = connection.execute("SELECT source, bit FROM asked_sources ORDER BY source").fetchall()
    found = connection.execute(_TOGETHER, {"dataset": dataset, "match_rate": MATCH_RATE}).fetchall()
    return {
        tuple((source, positive & bit > 0) for source, bit in bits if asked & bit): times
        for asked, positive, times in found
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Collection[object]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns.split(',')))})", [*rows])  # noqa: S608
