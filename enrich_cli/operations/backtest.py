"""Past requests under other rules: what today's rules and those of a folder would have paid for them.

folder, window -> history of the store -> both rule sets over the same requests -> Backtest
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import UsageError
from enrich_cli.terminal import console
from enrich_cli.typed_values import seconds_of
from enrichment.domain.numbers import in_number
from enrichment.pipeline.backtest.compare import Comparison, compare
from enrichment.pipeline.backtest.history import History
from enrichment.pipeline.backtest.replay import Side
from enrichment.rules import Rules, load_rules
from resources.clock import utc_now
from resources.policy_store import policies_in
from resources.rules.rule_checks import naming_files_of
from resources.settings import Settings
from resources.wiring import endpoints_of, open_store_of, policies_folder

_LONGEST_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Backtest:
    """here: today's rules; there: those of the folder. override: the strategy that ENRICH_STRATEGY sets for all."""

    history: History
    compared: Comparison
    here: Side
    there: Side
    folder: Path
    override: str | None


def replayed(folder: Path, window: str, *, for_one_company: Sequence[str], sandbox: bool) -> Backtest:
    """Nothing is bought and nothing is written. for_one_company: typed options that only fit one company.

    Raises UsageError, RulesError, SettingsError, StoreError.
    """
    if for_one_company:
        raise UsageError(
            f"{' and '.join(for_one_company)} cannot be combined with --replay: "
            "each request is replayed with the options it came with."
        )
    settings, rules = settings_and_rules(sandbox=sandbox)
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}: copy {settings.enrich_config} there and change what you like.")
    with naming_files_of(folder):
        here, there = _side(settings, rules), _side(settings, load_rules(folder))
    history = _history(settings, min(seconds_of("--replay", window), _LONGEST_SECONDS))
    if not history.requests and not history.left_out:
        raise UsageError(f"No request of the last {window} is in {settings.home}: try a longer --replay.")
    with console.status(f"replaying {in_number(len(history.requests), 'request')}"):
        policies = policies_in(policies_folder(settings))
        compared = compare(history, here, there, override=settings.enrich_strategy, policies=policies)
    return Backtest(history, compared, here, there, folder, settings.enrich_strategy)


def _side(settings: Settings, rules: Rules) -> Side:
    """One side of the comparison, with today's credentials.

    In the sandbox every provider can be asked, whether it runs or not.
    """
    return Side(rules, {} if settings.sandbox else endpoints_of(settings, rules)[1])


def _history(settings: Settings, seconds: int) -> History:
    store = open_store_of(settings)
    try:
        with console.status("reading what happened"):
            return store.backtest_history.since(utc_now() - timedelta(seconds=seconds))
    finally:
        store.close()
