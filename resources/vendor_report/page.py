"""The vendor report as one HTML page: styles and charts are inside, it runs no script and fetches nothing.

VendorFigures -> page.html (jinja2) -> text
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from enrichment.domain.money import in_usd
from resources.vendor_report.figures import VendorFigures
from resources.vendor_report.intervals import Figure


def vendor_page(vendors: Sequence[VendorFigures], *, now: datetime, window: str) -> str:
    """window: of which time requests were replayed, such as '30d'."""
    from resources.vendor_report.charts import match_over_time, price_of_good_fact  # noqa: PLC0415  altair is slow

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["usd"] = in_usd
    environment.filters["figure"] = figure_in_words
    environment.filters["stacked"] = _stacked
    priced = [one for one in vendors if one.usd_per_good_fact is not None]
    return environment.get_template("page.html").render(
        vendors=vendors,
        charts={one.provider: Markup(match_over_time(one)) for one in vendors},  # noqa: S704  drawn by vl-convert
        prices=Markup(price_of_good_fact(vendors)) if priced else None,  # noqa: S704  drawn by vl-convert
        now=now,
        window=window,
    )


def figure_in_words(figure: Figure | None, form: str, none: str) -> str:
    """form: of each number, such as '.2f'. none: the words where there is nothing to count."""
    if figure is None:
        return none
    if figure.interval is None:
        return f"{figure.value:{form}} (too few for an interval)"
    low, high = figure.interval
    return f"{figure.value:{form}} ({low:{form}} to {high:{form}})"


def _stacked(figure: str) -> str:
    """Its interval below it, so that a table of ten columns fits on paper."""
    value, _, interval = figure.partition(" (")
    unbroken = interval.removesuffix(")").replace(" to ", "\u00a0to\u00a0")
    return Markup("{}<br><small>{}</small>").format(value, unbroken) if interval else figure
