"""How often sources knew a company, and what they then had, counted by DuckDB: by day, and by kind of company.

sources.answers + rates that are asked about -> RateCounts of each, of the time since it last changed
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

_HITS = f"""
CREATE OR REPLACE TEMP VIEW hits AS
SELECT source, '{MATCH_RATE}' AS rate, CAST("at" AS DATE) AS day, industry_group, size_band, found AS hit
FROM sources.answers SEMI JOIN asked_rates USING (source)
UNION ALL
SELECT a.source, r.rate, CAST(a."at" AS DATE), a.industry_group, a.size_band, list_contains(a.datasets, r.rate)
FROM sources.answers AS a JOIN asked_rates AS r USING (source) WHERE a.found AND r.rate <> '{MATCH_RATE}'
"""  # noqa: S608  a constant of ours
_BY_DAY = "SELECT source, rate, day, count(*) FILTER (hit), count(*) FROM hits GROUP BY ALL ORDER BY ALL"
_BY_KIND = """
SELECT source, rate, coalesce(industry_group, ''), coalesce(size_band, ''), count(*) FILTER (hit), count(*)
FROM hits JOIN since USING (source, rate) WHERE day >= since.first_day GROUP BY ALL ORDER BY ALL
"""
_TOGETHER = f"""
WITH counted AS (
    SELECT request_id, source, bool_or(found) AS found FROM sources.answers AS a JOIN since AS s USING (source)
    WHERE s.rate = '{MATCH_RATE}' AND CAST(a."at" AS DATE) >= s.first_day GROUP BY ALL
), asked AS (
    SELECT list(source ORDER BY source) AS sources, list(found ORDER BY source) AS matched
    FROM counted GROUP BY request_id
)
SELECT sources, matched, count(*) FROM asked GROUP BY ALL ORDER BY ALL
"""  # noqa: S608  a constant of ours

_BILLED = """
SELECT p.source, CAST(p.closed_at AS DATE), CAST(list_sum(map_values(p.units)) AS INTEGER) AS billed, count(*)
FROM spend.purchases AS p JOIN billed_sources AS s USING (source)
WHERE p.state = 'settled' AND (p.outcome = 'found' OR s.is_always AND p.outcome = 'nothing') AND billed IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def answer_counts(connection: duckdb.DuckDBPyConnection, rates: Collection[Rate]) -> dict[Rate, RateCounts]:
    """Of a published warehouse. Rates without an answer are left out."""
    _temporary(connection, "asked_rates", "source VARCHAR, rate VARCHAR", [*rates])
    connection.execute(_HITS)
    days: dict[Rate, list[tuple[date, Count]]] = defaultdict(list)
    for source, rate, day, hits, tries in connection.execute(_BY_DAY).fetchall():
        days[source, rate].append((day, Count(hits, tries)))
    firsts = {rate: counts_since([count for _, count in seen]) for rate, seen in days.items()}
    since = [(*rate, days[rate][first][0]) for rate, first in firsts.items()]
    _temporary(connection, "since", "source VARCHAR, rate VARCHAR, first_day DATE", since)
    kinds: dict[Rate, dict[tuple[str, str], Count]] = defaultdict(dict)
    for source, rate, industry, size, hits, tries in connection.execute(_BY_KIND).fetchall():
        kinds[source, rate][industry, size] = Count(hits, tries)
    return {rate: RateCounts(days[rate][first][0], first > 0, kinds[rate]) for rate, first in firsts.items()}


def billed_by_day(connection: duckdb.DuckDBPyConnection, rules: Rules) -> dict[str, list[tuple[date, Bills]]]:
    """Source -> what its answers of each day were billed, in units; of sources that bill a match alone: its matches."""
    sources = [(source, entry.charged == "always") for source, entry in rules.sources.items()]
    _temporary(connection, "billed_sources", "source VARCHAR, is_always BOOLEAN", sources)
    found: dict[str, dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for source, day, units, times in connection.execute(_BILLED).fetchall():
        found[source][day][units] = times
    return {source: [*days.items()] for source, days in found.items()}


def answers_together(connection: duckdb.DuckDBPyConnection) -> dict[Answered, int]:
    """What sources answered of one company in one request, how often. After `answer_counts` on the same connection."""
    return {
        tuple((source, found) for source, found in zip(sources, matched, strict=True)): times
        for sources, matched, times in connection.execute(_TOGETHER).fetchall()
    }


def _temporary(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Collection[object]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns.split(',')))})", [*rows])  # noqa: S608
