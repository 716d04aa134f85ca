"""`enrich report sources`: the figures of vendors, written as a page.

warehouse, brought up to date + requests of the window -> VendorFigures -> the page, and a table on the terminal
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.bootstrap import opened_store, opened_warehouse
from enrich_cli.errors import UsageError
from enrich_cli.tables import listing
from enrich_cli.terminal import console
from enrich_cli.typed_values import seconds_of
from resources.clock import utc_now
from resources.policy_store import policies_in
from resources.vendor_report.figures import VendorFigures, vendor_figures
from resources.vendor_report.intervals import Figure, share
from resources.vendor_report.page import figure_in_words, vendor_page
from resources.wiring import endpoints_of, policies_folder

_FIGURES = ("quality", "usd_per_good_fact")

_NO_INTERVAL = " for an interval"


def vendor_report(out: Path, window: str, *, sandbox: bool) -> list[VendorFigures]:
    """Nothing is bought. Raises UsageError, RulesError, SettingsError, StoreError."""
    seconds, now = seconds_of("--replay", window), utc_now()
    with (
        opened_store(sandbox=sandbox) as (settings, rules, store),
        opened_warehouse(settings) as warehouse,
        console.status("replaying requests"),
    ):
        warehouse.build(store)
        history = store.backtest_history.since(now - timedelta(seconds=seconds))
        unavailable = {} if settings.sandbox else endpoints_of(settings, rules)[1]
        policies = policies_in(policies_folder(settings))
        with warehouse.reading() as connection:
            vendors = vendor_figures(connection, rules, history, unavailable=unavailable, policies=policies)
    try:
        out.write_text(vendor_page(vendors, now=now, window=window), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. Name another file with --out.") from error
    return vendors


def vendors_view(vendors: Sequence[VendorFigures], out: Path) -> RenderableType:
    if not vendors:
        return Text(f"No vendor has answered yet, so {out} says so: enrich some companies first.")
    table = listing(
        "vendor",
        "answers",
        "failed calls",
        "match rate",
        "quality",
        "paid, USD",
        "USD per good fact",
        "disputes lost",
        whole=("vendor",),
    )
    for one in vendors:
        table.add_row(
            one.provider,
            f"{one.asked:,}",
            f"{one.failed:,}",
            _cell(share(one.found, one.asked), ".2f"),
            _cell(one.quality, ".2f"),
            f"{one.usd:,.2f}",
            _cell(one.usd_per_good_fact, ".4f"),
            f"{one.disputes.lost} of {one.disputes.all}",
        )
    below = "Below a figure: its interval of 90 %, or that there are too few answers for one."
    words = f"{below} Written to {out}: open it in a browser, or print it."
    falls = (
        Text(f"{source} answers less since {fall.since} than before.")
        for one in vendors
        for source, fall in one.falls.items()
    )
    return Group(table, *falls, Text(words))


def _cell(figure: Figure | None, form: str) -> str:
    value, _, interval = figure_in_words(figure, form, "").partition(" (")
    return f"{value}\n{interval.removesuffix(')').removesuffix(_NO_INTERVAL)}" if interval else value


def vendors_data(vendors: Sequence[VendorFigures]) -> list[dict[str, object]]:
    return [
        {name: value for name, value in asdict(one).items() if name not in ("days", "falls", *_FIGURES)}
        | {name: figure for of in _FIGURES for name, figure in _figure_data(of, getattr(one, of)).items()}
        | {
            "falls": {s: asdict(fall) | {"since": fall.since.isoformat()} for s, fall in one.falls.items()},
            "changes": [
                {"source": change.source, "of": change.of, "since": change.since.isoformat()}
                | _figure_data("before", change.before)
                | _figure_data("now", change.now)
                for change in one.changes
            ],
        }
        for one in vendors
    ]


def _figure_data(name: str, figure: Figure | None) -> dict[str, object]:
    return {name: figure and figure.value, f"{name}_interval": figure and figure.interval}
