"""How long learning counts, and in what memory: every query of `enrich rules learn`, over the warehouse's own tables.

purchases, facts and companies made by DuckDB -> rates, sources that miss together, bills -> seconds, CPU, megabytes
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from enrichment.learning.families import families_of
from enrichment.learning.lessons import lessons, rates_of
from enrichment.rules import Rules, load_rules
from resources.warehouse.answer_counts import answer_counts, answers_together, billed_by_day, had_together
from resources.warehouse.update_from_store import connect, empty_warehouse, open_read_only

_T = TypeVar("_T")
PURCHASES = 10_000_000
_COMPANY_ASKED = 26
_DAYS = 90
_KNOWN_BEFORE = "TIMESTAMP '2025-12-31'"
_PURCHASES = """
INSERT INTO spend.purchases
SELECT
    'purchase_' || i, 'request_' || i // 5, 'company_' || i // $asked, NULL, 'profile', 'enhanced', provider, source,
    '', 'settled', CASE WHEN random() < 0.7 THEN 'found' ELSE 'nothing' END, NULL,
    MAP {'calls': 1 + CAST(random() * 3 AS BIGINT)},
    MAP {'calls': CAST(0.01 AS DECIMAL(24, 12))}, 0.01, 0.01, 1, random(), moment, moment, moment, 'rules'
FROM range($purchases) AS t(i)
CROSS JOIN LATERAL (SELECT TIMESTAMP '2026-01-01' + to_seconds(i * $days * 86400 // $purchases) AS moment)
JOIN (
    SELECT row_number() OVER () - 1 AS number, unnest AS source, split_part(unnest, '_', 1) AS provider
    FROM unnest($sources)
) AS s ON s.number = i % len($sources)
"""
_FACTS = """
INSERT INTO build.facts
SELECT
    row_number() OVER (), company_id, purchase_id, purchase_id, source, dataset, '{"text": "x"}', 0.8,
    closed_at, closed_at, false
FROM spend.purchases JOIN (SELECT unnest($sources) AS source, unnest($datasets) AS dataset) USING (source)
WHERE outcome = 'found' AND random() < 0.6
"""
_KNOWN = f"""
INSERT INTO build.facts
SELECT -number, 'company_' || number, 'imported', 'imported', 'imported', dataset, '{{"text": "x"}}', 0.8,
    {_KNOWN_BEFORE}, {_KNOWN_BEFORE}, false
FROM range($companies) AS t(number) CROSS JOIN (VALUES ('industry'), ('employee_count')) AS d(dataset)
WHERE random() < 0.5
"""  # noqa: S608  a constant of ours
_COMPANIES = f"""
INSERT INTO marts.companies BY NAME
SELECT
    'company_' || number AS company_id, 'company_' || number AS company_key,
    'group_' || CAST(floor(random() * 17) AS INTEGER) AS industry_group,
    'size_' || CAST(floor(random() * 7) AS INTEGER) AS size_band,
    0 AS contacts, 0 AS technologies, 0 AS news, 0 AS job_postings, 0 AS intent_signals, MAP {{}} AS fields,
    [] AS consumers, [] AS profiles, {_KNOWN_BEFORE} AS registered_at
FROM range($companies) AS t(number)
"""  # noqa: S608  a constant of ours


def show(purchases: int = PURCHASES) -> None:
    """Two datasets of each source that has as many have facts, so that there are about 0.8 facts for each purchase."""
    rules = load_rules(Path("config"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "enrichment.duckdb"
        _write(path, rules, purchases)
        print(f"{purchases:,} purchases made, {_megabytes():,.0f} MB of memory at the most so far", flush=True)
        _count(path, rules)


def _write(path: Path, rules: Rules, purchases: int) -> None:
    pairs = [(source, dataset) for source, entry in rules.sources.items() for dataset in [*entry.datasets][:2]]
    empty_warehouse(path)
    with connect(path) as connection:
        connection.execute("SELECT setseed(0.3)")
        sources = [*rules.sources]
        companies = {"companies": purchases // _COMPANY_ASKED + 1}
        about = {"purchases": purchases, "asked": _COMPANY_ASKED, "days": _DAYS, "sources": sources}
        connection.execute(_PURCHASES, about)
        connection.execute(_FACTS, {"sources": [s for s, _ in pairs], "datasets": [d for _, d in pairs]})
        connection.execute(_KNOWN, companies)
        connection.execute(_COMPANIES, companies)


def _count(path: Path, rules: Rules) -> None:
    with open_read_only(path) as connection:
        began, cpu = time.perf_counter(), time.process_time()
        counts = _timed("rates by day and kind", lambda: answer_counts(connection, [*rates_of(rules)]))
        together = _timed("sources that miss together", lambda: answers_together(connection))
        _timed("datasets lacked together", lambda: [had_together(connection, dataset) for dataset in rules.datasets])
        _timed("bills", lambda: billed_by_day(connection, rules))
        stated = {source: entry.match_rate for source, entry in rules.sources.items()}
        alike = [entry.sources for entry in rules.datasets.values()]
        _timed("families", lambda: families_of(together, alike, stated))
        _timed("lessons", lambda: lessons(rules, counts))
        took, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"  in all {took:.1f} s, {used:.1f} s of CPU (goal: 60 s)")


def _timed(what: str, counted: Callable[[], _T]) -> _T:
    began, cpu = time.perf_counter(), time.process_time()
    found = counted()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"  {what}: {took:.1f} s, {used:.1f} s of CPU, {_megabytes():,.0f} MB at the most so far", flush=True)
    return found


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--purchases", type=int, default=PURCHASES)
    show(options.parse_args().purchases)


if __name__ == "__main__":
    main()
