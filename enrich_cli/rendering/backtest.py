"""How a backtest looks: a column of what was paid, one per rule set, and what has to be known to judge them."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.operations.backtest import Backtest
from enrich_cli.tables import Name, listing
from enrichment.domain.money import in_cents
from enrichment.domain.numbers import in_number
from enrichment.pipeline.backtest.compare import Comparison
from enrichment.pipeline.backtest.history import Spending
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome


def backtest_view(backtest: Backtest) -> RenderableType:
    here, there = f"these rules ({backtest.here.rules.hash})", f"{backtest.folder} ({backtest.there.rules.hash})"
    remarks = (*_remarks(backtest.compared), *_same_for_both(backtest))
    return Group(_table(backtest.compared, here, there), *(Text(line) for line in remarks))


def backtest_data(backtest: Backtest) -> dict[str, object]:
    compared = backtest.compared
    return {
        "since": backtest.history.since.isoformat(),
        "requests": compared.requests,
        "was_paid": _spent(compared.paid),
        "these_rules": _outcome(compared.here, backtest.here),
        "other_rules": _outcome(compared.there, backtest.there),
        "left_out": dict(compared.left_out),
    }


def _table(compared: Comparison, here: str, there: str) -> Table:
    both = (compared.here, compared.there)
    spent = (compared.paid, *(outcome.spent for outcome in both))
    table = listing("the same requests", "was paid", here, there)
    table.add_row("requests", *(f"{compared.requests:,}" for _ in spent))
    table.add_row("calls of vendors", *(f"{s.calls:,}" for s in spent))
    table.add_row("analyses asked", *(f"{s.questions:,}" for s in spent))
    table.add_row("USD, vendors", *(in_cents(s.vendors) for s in spent))
    table.add_row("USD, analyses", *(in_cents(s.analyses) for s in spent))
    table.add_row("USD", *(in_cents(s.cost) for s in spent), end_section=True)
    table.add_row("completeness, from sources", "", *(f"{o.completeness:.1%}" for o in both))
    table.add_row("nothing required missing", "", *(f"{o.complete:,}" for o in both))
    table.add_row("calls never observed", "", *(_share(o.never_observed, o.spent.calls) for o in both))
    table.add_row("USD never observed", "", *(_share(o.drawn, o.spent.cost) for o in both))
    table.add_row("analyses never observed", "", *(_share(o.estimated, o.spent.questions) for o in both))
    table.rows[-1].end_section = True
    for consumer in sorted({name for s in spent for name in s.by_consumer}):
        table.add_row(Name(f"USD, {consumer}"), *(in_cents(s.by_consumer.get(consumer, 0)) for s in spent))
    for source in sorted({name for s in spent for name in s.by_source}):
        table.add_row(Name(f"calls, {source}"), *(f"{s.by_source.get(source, 0):,}" for s in spent))
    return table


def _remarks(compared: Comparison) -> Iterator[str]:
    both = (compared.here, compared.there)
    for why, count in compared.left_out.items():
        yield f"{in_number(count, 'request')} left out: {why}."
    if any(outcome.never_observed for outcome in both):
        yield (
            "Calls never observed: their outcome is sampled from the rates of their source, "
            "the same sample for both sets of rules."
        )
    if any(outcome.estimated for outcome in both):
        yield (
            "Analyses never observed: of that company; they are taken to need the tokens that others needed, "
            "or where there were none, what a quote expects."
        )


def _same_for_both(backtest: Backtest) -> Iterator[str]:
    """What both sides take from today, although it may have been different when the requests were made."""
    missing = {name: why for side in (backtest.here, backtest.there) for name, why in side.unavailable.items()}
    for name, why in sorted(missing.items()):
        yield f"{name} is not asked, as it could not be now: {why}."
    if backtest.override:
        yield f"ENRICH_STRATEGY={backtest.override} is in force for all of them."


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _outcome(outcome: SimulationOutcome, side: Side) -> dict[str, object]:
    counted = {name: value for name, value in asdict(outcome).items() if name != "spent"}
    return {"rules": side.rules.hash, "not_asked": dict(side.unavailable), **_spent(outcome.spent), **counted}


def _spent(spent: Spending) -> dict[str, object]:
    return {"cost": spent.cost, **asdict(spent)}
