"""How experiments look: a row for each arm beside the first one, and the same as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isinf
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from enrich_cli.operations.experiments import ComparedArms
from enrich_cli.tables import listing
from enrichment.learning.off_policy import IfAll
from enrichment.learning.sequential_test import ArmComparison
from resources.warehouse.experiment_results import ArmResult

_NONE = "No experiment is under way: config/experiments.yaml has none."


def experiments_view(found: ComparedArms) -> RenderableType:
    if not found.arms:
        return Text(_NONE)
    beside_first = "beside the first, 95 % at all times"
    table = listing("experiment", "arm", "companies", "metric", "mean", beside_first, "USD if all", "remark")
    for experiment, arms in found.arms.items():
        metric = found.rules.experiments[experiment].metric
        for arm, one in arms.items():
            mean = "" if one.metric is None else f"{one.metric.mean:.4f}"
            to_do = "it is stopped" if arm in found.rules.experiments[experiment].stopped else "stop it"
            remark = f"{to_do}: {one.to_stop}" if one.to_stop else _remark(metric, one.beside)
            count, total = f"{one.companies:,}", _total(one.if_all)
            table.add_row(experiment, arm, count, metric, mean, _interval(one.beside), total, remark)
    return table


def experiments_data(found: Mapping[str, Mapping[str, ArmResult]]) -> dict[str, object]:
    return {experiment: {arm: _plain(asdict(one)) for arm, one in arms.items()} for experiment, arms in found.items()}


def _remark(metric: str, beside: ArmComparison | None) -> str:
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


def _total(found: IfAll | None) -> str:
    return "too few companies" if found is None else f"{found.total:,.2f} ({found.low:,.2f} to {found.high:,.2f})"


def _interval(beside: ArmComparison | None) -> str:
    if beside is None:
        return ""
    return "too few companies" if isinf(beside.low) else f"{beside.low:+.4f} to {beside.high:+.4f}"
