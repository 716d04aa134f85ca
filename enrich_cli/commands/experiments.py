"""`enrich experiments`: what is compared, and what came of it so far. No arm is ever switched to by itself."""

from math import isinf
from typing import TYPE_CHECKING, Annotated, Any

import typer

from enrich_cli.options import AsJson, Sandbox

if TYPE_CHECKING:  # numpy is for this command alone, and each command imports this file
    from enrichment.learning.off_policy import IfAll
    from enrichment.learning.sequential_test import ArmComparison

_NONE = "No experiment is under way: config/experiments.yaml has none."


def experiments(
    name: Annotated[str | None, typer.Argument(help="One of config/experiments.yaml; without it, all.")] = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop arms whose guard is broken: write them into config/stopped_arms.yaml.")
    ] = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
) -> None:
    """Compare the arms of experiments. Exit code 3: a guard says that an arm is to be stopped."""
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    from enrich_cli.bootstrap import opened_store, opened_warehouse
    from enrich_cli.errors import INCOMPLETE, UsageError
    from enrich_cli.terminal import console, show
    from resources.rules.stopped_arms import broken_guards, stop_arms
    from resources.warehouse.experiment_results import ArmResult, experiment_results

    with opened_store(sandbox=sandbox) as (settings, rules, store), opened_warehouse(settings) as warehouse:
        if name is not None and name not in rules.experiments:
            known = ", ".join(rules.experiments) or "none: write one into config/experiments.yaml"
            raise UsageError(f"There is no experiment '{name}'. There is {known}.")
        warehouse.build(store)
        with warehouse.reading() as connection:
            found: dict[str, dict[str, ArmResult]] = {
                one: experiment_results(connection, rules, one) for one in ([name] if name else rules.experiments)
            }
    beside_first = "beside the first, 95 % at all times"
    table = Table("experiment", "arm", "companies", "metric", "mean", beside_first, "USD if all", "remark")
    for experiment, arms in found.items():
        metric = rules.experiments[experiment].metric
        for arm, one in arms.items():
            beside = one.beside
            mean = "" if one.metric is None else f"{one.metric.mean:.4f}"
            remark = f"stop it: {one.to_stop}" if one.to_stop else _remark(metric, beside)
            count, total = f"{one.companies:,}", _total(one.if_all)
            table.add_row(experiment, arm, count, metric, mean, _interval(beside), total, remark)
    data: dict[str, object] = {
        experiment: {arm: _plain(asdict(one)) for arm, one in arms.items()} for experiment, arms in found.items()
    }
    show(table if found else Text(_NONE), data, as_json=as_json)
    if broken := broken_guards(found):
        if stop:
            stop_arms(settings, rules, broken)
        elif not as_json:
            console.print("--stop stops it: its companies are then served as all others")
        raise typer.Exit(INCOMPLETE)


def _remark(metric: str, beside: "ArmComparison | None") -> str:
    if beside is None or not beside.decided:
        return ""
    better = (beside.difference > 0) == (metric in ("quality", "kept_claims"))
    return "better than the first arm: make it the rule if you agree" if better else "worse than the first arm"


def _plain(arm: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: an interval without an end is null."""
    beside = arm["beside"]
    if beside and isinf(beside["low"]):
        arm["beside"] = beside | {"low": None, "high": None}
    return arm


def _total(found: "IfAll | None") -> str:
    return "too few companies" if found is None else f"{found.total:,.2f} ({found.low:,.2f} to {found.high:,.2f})"


def _interval(beside: "ArmComparison | None") -> str:
    if beside is None:
        return ""
    return "too few companies" if isinf(beside.low) else f"{beside.low:+.4f} to {beside.high:+.4f}"
