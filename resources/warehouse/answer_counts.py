"""How often sources knew a company, and what they then had, counted by DuckDB: by day, and by kind of company.

answers + rates that are asked about -> counts by day -> RateCounts of each, of the time since it last changed
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
CREATE OR REPLACE TEMP VIEW answered AS
SELECT
    s.number AS source, hash(purchase_id) AS purchase, hash(company_id) AS company, hash(request_id) AS request,
    reserved_at, closed_at AS "at", outcome = 'found' AS found
FROM spend.purchases JOIN asked_sources AS s USING (source) WHERE outcome IN ('found', 'nothing');
CREATE OR REPLACE TEMP TABLE answered_once AS
WITH had AS (
    SELECT hash(purchase_id) AS purchase, bit_or(d.bit) AS had
    FROM build.facts JOIN asked_datasets AS d USING (dataset) GROUP BY ALL
), seen AS (
    SELECT
        source, company, count(*) AS times, count(*) FILTER (found) AS times_found,
        max("at") AS newest, max("at") FILTER (found) AS newest_found, min(reserved_at) AS first_asked
    FROM answered GROUP BY ALL
), missed AS (
    SELECT request, min("at") AS first_miss FROM answered WHERE NOT found GROUP BY ALL
), known AS (
    SELECT
        hash(company_id) AS company, k.industry AS industry_at, k.size AS size_at, i.number AS industry,
        s.number AS size
    FROM build.first_known AS k JOIN marts.companies AS c USING (company_id)
    LEFT JOIN industries AS i ON i.industry = c.industry_group LEFT JOIN sizes AS s ON s.size = c.size_band
)
SELECT
    a.source, a.company, CAST(a."at" AS DATE) AS day, a.found, coalesce(h.had, 0) AS had,
    CAST(CASE WHEN k.industry_at < s.first_asked THEN coalesce(k.industry, 0) ELSE 0 END AS UTINYINT) AS industry,
    CAST(CASE WHEN k.size_at < s.first_asked THEN coalesce(k.size, 0) ELSE 0 END AS UTINYINT) AS size,
    coalesce(a."at" > m.first_miss, false) AS after_a_miss,
    CAST(s.times AS INTEGER) AS times, CAST(s.times_found AS INTEGER) AS times_found,
    a."at" = s.newest AS is_newest, coalesce(a."at" = s.newest_found, false) AS is_newest_found
FROM answered AS a JOIN seen AS s USING (source, company) LEFT JOIN missed AS m USING (request)
LEFT JOIN had AS h USING (purchase) LEFT JOIN known AS k USING (company)
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
CREATE OR REPLACE TEMP TABLE industries AS
SELECT industry, CAST(row_number() OVER (ORDER BY industry) - 1 AS UTINYINT) AS number
FROM (SELECT industry_group AS industry FROM marts.companies WHERE industry_group IS NOT NULL UNION SELECT '');
CREATE OR REPLACE TEMP TABLE sizes AS
SELECT size, CAST(row_number() OVER (ORDER BY size) - 1 AS UTINYINT) AS number
FROM (SELECT size_band AS size FROM marts.companies WHERE size_band IS NOT NULL UNION SELECT '')
"""
_HITS = f"""
CREATE OR REPLACE TEMP TABLE numbered_rates AS
SELECT
    r.source, r.rate, s.number AS of_source, d.bit, r.rate = '{MATCH_RATE}' AS is_match_rate,
    CAST(row_number() OVER (ORDER BY r.source, r.rate) AS USMALLINT) AS number
FROM asked_rates AS r JOIN asked_sources AS s USING (source) LEFT JOIN asked_datasets AS d ON d.dataset = r.rate;
CREATE OR REPLACE TEMP VIEW hits AS
WITH alike AS (
    SELECT
        source, day, industry, size, after_a_miss, found, had, is_newest, is_newest_found,
        sum(1 / times) AS of_times, sum(1 / times_found) FILTER (found) AS of_times_found, count(*) AS answers
    FROM answered_once GROUP BY ALL
)
SELECT
    r.number, a.day, a.industry, a.size, a.after_a_miss,
    CASE WHEN r.is_match_rate THEN a.found ELSE a.had & r.bit <> 0 END AS hit,
    CASE WHEN r.is_match_rate THEN a.of_times ELSE a.of_times_found END AS weight,
    CASE WHEN r.is_match_rate THEN a.is_newest ELSE a.is_newest_found END AS counts, a.answers
FROM alike AS a JOIN numbered_rates AS r ON r.of_source = a.source WHERE a.found OR r.is_match_rate
"""  # noqa: S608  a constant of ours
_OF_KIND_AS_OF_ALL = 10
"""Answers of a kind by which its own rate begins to count."""
_BY_DAY = f"""
WITH counted AS MATERIALIZED (
    SELECT
        number, day, industry, size, after_a_miss, coalesce(sum(weight) FILTER (hit), 0) AS hits, sum(weight) AS tries
    FROM hits GROUP BY ALL
), of_kinds AS (
    SELECT number, industry, size, after_a_miss, sum(hits) AS hits, sum(tries) AS tries FROM counted GROUP BY ALL
), of_all AS (
    SELECT number, sum(hits) / sum(tries) AS rate FROM of_kinds GROUP BY ALL
), expected AS (
    SELECT
        k.number, k.industry, k.size, k.after_a_miss,
        a.rate - (k.hits + {_OF_KIND_AS_OF_ALL} * a.rate) / (k.tries + {_OF_KIND_AS_OF_ALL}) AS below_all
    FROM of_kinds AS k JOIN of_all AS a USING (number)
)
SELECT r.source, r.rate, c.day, sum(c.hits + c.tries * e.below_all) AS hits, sum(c.tries) AS tries
FROM counted AS c JOIN expected AS e USING (number, industry, size, after_a_miss)
JOIN numbered_rates AS r USING (number) GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  a constant of ours
"""What a day would have brought had it asked about the usual mix of kinds, and as often after another source's miss:
else other lists, or another order of sources, would look like another rate."""
_BY_KIND = """
WITH counted AS (
    SELECT number, h.industry, h.size, coalesce(sum(answers) FILTER (hit), 0) AS hits, sum(answers) AS tries
    FROM hits AS h JOIN numbered_rates USING (number) JOIN since USING (source, rate)
    WHERE counts AND day >= since.first_day GROUP BY ALL
)
SELECT r.source, r.rate, i.industry, z.size, c.hits, c.tries
FROM counted AS c JOIN numbered_rates AS r USING (number)
JOIN industries AS i ON i.number = c.industry JOIN sizes AS z ON z.number = c.size ORDER BY ALL
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
    # A pair is made once, not for each of hundreds of thousands of rows.
    pairs = [(bit, (source, False), (source, True)) for source, bit in bits]
    return {
        tuple(hit if positive & bit else miss for bit, miss, hit in pairs if asked & bit): times
        for asked, positive, times in found
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Collection[object]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns.split(',')))})", [*rows])  # noqa: S608
