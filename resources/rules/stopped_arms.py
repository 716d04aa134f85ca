"""Stop arms of experiments whose guard is broken; a better arm is never switched to.

rules + warehouse, brought up to date -> ArmResult of each arm -> config/stopped_arms.yaml
"""

from collections.abc import Mapping

from enrichment.rules import Rules
from resources.learned_file import write_stopped
from resources.settings import Settings
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.experiment_results import ArmResult, experiment_results

NO_GUARDS = "No experiment with a guard is under way."


def broken_guards(rules: Rules, found: Mapping[str, Mapping[str, ArmResult]]) -> dict[str, list[str]]:
    """Experiment -> arms that go on and that a guard says to stop; only experiments with such arms.

    found: experiment -> arm.
    """
    broken = {
        name: [arm for arm, one in arms.items() if one.to_stop and arm not in rules.experiments[name].stopped]
        for name, arms in found.items()
    }
    return {name: arms for name, arms in broken.items() if arms}


def stop_arms(settings: Settings, rules: Rules, arms: Mapping[str, list[str]]) -> None:
    """Stops arms: their companies are then served as all others. arms: experiment -> arms. Raises OSError."""
    stopped = {name: [*one.stopped] for name, one in rules.experiments.items()}
    more = {name: [*dict.fromkeys([*stopped[name], *its])] for name, its in arms.items()}
    write_stopped(settings.enrich_config, stopped | more)


def has_guards(rules: Rules) -> bool:
    """Whether any arm could be stopped."""
    bounds = (one.guard for one in rules.experiments.values())
    return any(guard.least_complete is not None or guard.most_usd is not None for guard in bounds)


def stop_broken_arms(settings: Settings, rules: Rules, store: SqlStore) -> list[str]:
    """Stops arms whose guard is broken; returns a sentence for each. Raises StoreError, WarehouseError, OSError."""
    warehouse = Warehouse(settings.warehouse_path)
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = {name: experiment_results(connection, rules, name) for name in rules.experiments}
    broken = broken_guards(rules, found)
    if broken:
        stop_arms(settings, rules, broken)
    return [f"{name}.{arm} is stopped: {found[name][arm].to_stop}." for name, arms in broken.items() for arm in arms]
