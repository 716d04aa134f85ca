"""Processes for tests that start in a tenth of a second: forked by a server that has imported the project already.

FORKSERVER.Process(target=work, args=...) -> a process of its own, with its own memory, files and environment
"""

import multiprocessing
from pkgutil import walk_packages

import enrich_cli
import enrichment.parsing.vendors

_STARTERS = frozenset(f"enrich_cli.development.{program}" for program in ("demo", "dev", "installation"))
"""Programs of their own, which no test forks."""
_ALL_OF = (enrich_cli, enrichment.parsing.vendors)
_LATE = (
    *("enrichment.pipeline.new_profile", "enrichment.pipeline.find_domain", "enrichment.pipeline.plan_many"),
    *("resources.providers.openai", "resources.providers.apollo", "resources.providers.brightdata"),
    *("resources.providers.google_kg", "resources.providers.serpapi", "resources.providers.snov"),
    *("resources.providers.live_transport", "resources.store", "resources.warehouse", "rigour.names.org_types"),
    *("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "enrichment.policy.dynamic_program"),
    *("resources.vendor_report.charts", "enrichment.policy.serialization"),
    *("stringprep", "encodings.idna", "encodings.utf_16_be"),
)
"""What is imported only when it is used."""

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(
    [
        "tests.support.imports_uncollected",
        "tests.support.wide_terminal",
        *_LATE,
        *(
            found.name
            for package in _ALL_OF
            for found in walk_packages(package.__path__, f"{package.__name__}.")
            if found.name not in _STARTERS
        ),
        *("bench.money.worker", "tests.support.command_line", "tests.support.kill_points"),
        *("tests.support.service_process", "tests.support.tables_compiled", "tests.support.imports_kept"),
    ]
)
