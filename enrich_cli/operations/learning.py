"""`enrich rules learn`: rates from what was bought, and what plans would have cost with them.

warehouse, brought up to date -> counts -> lessons -> lines of config/learned.yaml -> the same requests once more
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from enrich_cli.bootstrap import opened_store
from enrich_cli.rendering.terminal import console
from enrich_cli.typed_values import seconds_of
from enrichment.backtest.compare import Comparison, compare
from enrichment.backtest.replay import Side
from enrichment.learning.lessons import Lesson, lessons, rates_of, renewed_lines
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import with_learned
from resources.clock import utc_now
from resources.policy_store import policies_in
from resources.settings import Settings
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.answer_counts import answer_counts
from resources.wiring import endpoints_of, policies_folder


@dataclass(frozen=True, slots=True)
class Learned:
    """effect: the requests of the window with the rules of today, and with every line counting; None: there are none.

    lines: what config/learned.yaml should have.
    """

    settings: Settings
    rules: Rules
    lessons: list[Lesson]
    lines: Mapping[str, Mapping[str, LearnedLine]]
    effect: Comparison | None


def learned_rates(window: str, *, sandbox: bool) -> Learned:
    """Nothing is bought, and no rule is written. Raises UsageError, RulesError, SettingsError, StoreError."""
    seconds = seconds_of("--replay", window)
    with opened_store(sandbox=sandbox) as (settings, rules, store), console.status("counting answers"):
        warehouse = Warehouse(settings.warehouse_path)
        warehouse.build(store)
        with warehouse.reading() as connection:
            found = lessons(rules, answer_counts(connection, [*rates_of(rules)]))
        lines = renewed_lines(rules, found)
        return Learned(settings, rules, found, lines, _effect(settings, rules, store, lines, seconds))


def _effect(
    settings: Settings,
    rules: Rules,
    store: SqlStore,
    lines: Mapping[str, Mapping[str, LearnedLine]],
    seconds: int,
) -> Comparison | None:
    history = store.backtest_history.since(utc_now() - timedelta(seconds=seconds))
    if not history.requests or lines == rules.learned:
        return None
    counting = {
        source: {rate: line.model_copy(update={"use": "accepted"}) for rate, line in entries.items()}
        for source, entries in lines.items()
    }
    unavailable = {} if settings.sandbox else endpoints_of(settings, rules)[1]
    here = Side(rules, unavailable)
    there = replace(here, rules=rules.model_copy(update={"sources": with_learned(rules.sources, counting)}))
    policies = policies_in(policies_folder(settings))
    return compare(history, here, there, override=settings.enrich_strategy, policies=policies)
