"""What the arms of experiments have brought so far, and the arms whose guard is broken.

compared_arms(name | None) -> ComparedArms        stop_broken -> written into config/stopped_arms.yaml
"""

from collections.abc import Mapping
from dataclasses import dataclass

from enrich_cli.bootstrap import opened_store, opened_warehouse
from enrich_cli.errors import UsageError
from enrichment.rules import Rules
from resources.rules.stopped_arms import broken_guards, stop_arms
from resources.settings import Settings
from resources.warehouse.experiment_results import ArmResult, experiment_results


@dataclass(frozen=True, slots=True)
class ComparedArms:
    """arms: experiment -> arm -> what it brought. broken: experiment -> arms that a guard says to stop."""

    settings: Settings
    rules: Rules
    arms: Mapping[str, Mapping[str, ArmResult]]
    broken: Mapping[str, list[str]]


def compared_arms(name: str | None, *, sandbox: bool) -> ComparedArms:
    """name: of one experiment; None: all. Publishes the warehouse first. Raises UsageError, StoreError."""
    with opened_store(sandbox=sandbox) as (settings, rules, store), opened_warehouse(settings) as warehouse:
        if name is not None and name not in rules.experiments:
            known = ", ".join(rules.experiments) or "none: write one into config/experiments.yaml"
            raise UsageError(f"There is no experiment '{name}'. There is {known}.")
        warehouse.build(store)
        with warehouse.reading() as connection:
            names = [name] if name else list(rules.experiments)
            arms = {one: experiment_results(connection, rules, one) for one in names}
    return ComparedArms(settings, rules, arms, broken_guards(rules, arms))


def stop_broken(found: ComparedArms) -> None:
    """Their companies are then served as all others. Raises OSError."""
    stop_arms(found.settings, found.rules, found.broken)
