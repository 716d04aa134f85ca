"""Charts of the vendor report, as SVG text that is put into the page: no script, nothing fetched.

VendorFigures -> altair -> vl-convert -> SVG
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import vl_convert

from enrichment.learning.share_interval import wilson
from resources.vendor_report.figures import VendorFigures

_INK, _ACCENT, _BAND = "#1f2933", "#1d5fa8", "#c9dcf0"
_WIDTH = 640


def match_over_time(vendor: VendorFigures) -> str:
    """Share of usable answers that knew the company, by week, with 90 % intervals."""
    weeks: dict[str, list[float]] = {}
    for day, count in vendor.days:
        year, week, _ = day.isocalendar()
        sums = weeks.setdefault(day.fromisocalendar(year, week, 1).isoformat(), [0, 0])
        sums[0] += count.hits
        sums[1] += count.tries
    rows = [
        {"week": week, "rate": hits / tries, "low": wilson(hits, tries)[0], "high": wilson(hits, tries)[1]}
        for week, (hits, tries) in weeks.items()
    ]
    x = alt.X("week:T", title="week", axis=alt.Axis(format="%d %b", labelOverlap=True))
    base = alt.Chart(_data(rows)).encode(x=x)
    y = alt.Y("low:Q", title="match rate", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    band = base.mark_errorbar(color=_BAND, thickness=6).encode(y=y, y2="high:Q")
    line = base.mark_line(color=_ACCENT, point=alt.OverlayMarkDef(color=_ACCENT)).encode(y="rate:Q")
    return _svg((band + line).properties(width=_WIDTH, height=120))


def price_of_good_fact(vendors: Sequence[VendorFigures]) -> str:
    """USD for a good fact, of vendors that gave any."""
    rows = [
        {"vendor": one.provider, "usd": one.usd_per_good_fact.value}
        for one in vendors
        if one.usd_per_good_fact is not None
    ]
    base = alt.Chart(_data(rows)).encode(y=alt.Y("vendor:N", sort="-x", title=None))
    bars = base.mark_bar(color=_ACCENT, height=14).encode(x=alt.X("usd:Q", title="USD per good fact"))
    words = base.mark_text(align="left", dx=4, color=_INK).encode(x="usd:Q", text=alt.Text("usd:Q", format=",.4f"))
    return _svg((bars + words).properties(width=_WIDTH - 160, height=alt.Step(24)))


def _data(rows: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]  # untyped in altair


def _svg(chart: alt.LayerChart) -> str:
    plain = chart.configure_view(stroke=None)
    drawn: dict[str, Any] = plain.configure_axis(labelColor=_INK, titleColor=_INK, gridColor="#e4e7eb").to_dict()
    return str(vl_convert.vegalite_to_svg(drawn))
