"""`enrich rules learn`: rates from what was bought, and what plans would have cost with them.

warehouse, brought up to date -> counts -> lessons -> lines of config/learned.yaml -> the same requests once more
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from enrich_cli.bootstrap import opened_store, opened_warehouse
from enrich_cli.terminal import console
from enrich_cli.typed_values import seconds_of
from enrichment.learning.families import FamilyEstimate
from enrichment.learning.lessons import Lesson
from enrichment.pipeline.backtest.compare import Comparison, compare
from enrichment.pipeline.backtest.replay import Side
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import as_learned
from resources.clock import utc_now
from resources.learned_lines import learned_from
from resources.policy_store import policies_in
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import endpoints_of, policies_folder


@dataclass(frozen=True, slots=True)
class Learned:
    """effect: the requests of the window with the rules of today, and with every line counting; None: there are none.

    lines: what config/learned.yaml should have.
    """

    settings: Settings
    rules: Rules
    lessons: list[Lesson]
    families: list[FamilyEstimate]
    lines: Mapping[str, Mapping[str, LearnedLine]]
    effect: Comparison | None


def learned_rates(window: str, *, sandbox: bool) -> Learned:
    """Nothing is bought, and no rule is written. Raises UsageError, RulesError, SettingsError, StoreError."""
    seconds = seconds_of("--replay", window)
    with (
        opened_store(sandbox=sandbox) as (settings, rules, store),
        opened_warehouse(settings) as warehouse,
        console.status("counting answers"),
    ):
        found = learned_from(store, warehouse, rules, utc_now().date())
        effect = _effect(settings, rules, store, found.lines, seconds)
        return Learned(settings, rules, found.lessons, found.families, found.lines, effect)


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
    there = replace(here, rules=as_learned(rules, counting))
    policies = policies_in(policies_folder(settings))
    return compare(history, here, there, override=settings.enrich_strategy, policies=policies)
