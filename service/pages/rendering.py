"""Templates, and how values look in them: amounts with their currency, times relative to now, text as text.

rendered("company.html", values) -> HTML        everything is escaped; characters that reorder a line are made visible
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from enrichment.batches.progress import span_in_words
from enrichment.domain.money import in_full, in_usd, to_micro
from enrichment.domain.numbers import in_number
from enrichment.domain.values import in_words
from enrichment.domain.visible_text import visible
from enrichment.rules.names_for_people import called
from service.pages.static_files import static_address, style

_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))


def rendered(template: str, values: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=as_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "age": age,
        "exact": exact,
        "clock": clock,
        "iso": iso,
        "usd": usd,
        "usd_rounded": usd_rounded,
        "words": words,
        "called": called,
        "in_words": in_words,
        "segment": segment,
        "as_data": as_data,
        "percent": percent,
        "counted": in_number,
        "named": named,
        "span": span_in_words,
        "with_code": with_code,
    }
    environment.globals |= {"static": static_address, "style": style}
    return environment


def as_text(value: Any) -> Any:
    """What is put into a page: nothing in it reorders or hides what is beside it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return "" if value is None else value
    return visible(value)


def usd(amount: str | int | Decimal) -> str:
    """USD as text, or micro-USD as a whole number -> '0.15 USD'; at least two decimals, thousands set apart."""
    text = in_full(amount) if isinstance(amount, int) else str(amount)
    whole, _, part = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits or 0):,}.{part.ljust(2, '0')} USD"


def usd_rounded(amount: str | int | Decimal) -> str:
    """The amount as the command line rounds it for people."""
    return usd(in_usd(amount if isinstance(amount, int) else to_micro(Decimal(amount))))


def age(at: datetime | str, now: datetime) -> str:
    """'3 d ago', 'in 5 h', 'now'."""
    seconds = int((now - _moment(at)).total_seconds())
    for size, unit in _AGES:
        if abs(seconds) >= size:
            count = f"{abs(seconds) // size} {unit}"
            return f"{count} ago" if seconds > 0 else f"in {count}"
    return "now"


def exact(at: datetime | str) -> str:
    """'2026-03-02 12:00:01 UTC'."""
    return f"{_moment(at):%Y-%m-%d %H:%M:%S} UTC"


def clock(at: datetime | str) -> str:
    """'12:00:01', UTC."""
    return f"{_moment(at):%H:%M:%S}"


def iso(at: datetime | str) -> str:
    return _moment(at).isoformat(timespec="seconds")


def _moment(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def words(name: str) -> str:
    """'key_contacts' -> 'Key contacts'."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def named(count: Decimal | int) -> str:
    """12345 -> '12,345'."""
    return f"{count:,}"


def with_code(text: str) -> Markup:
    """'run `enrich sources check`': what is between backticks as code."""
    parts = [escape(visible(part)) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(parts))


def segment(text: str) -> str:
    """A text as one step of a path, or one value of a query."""
    return quote(text, safe=":")


def as_data(value: Any) -> str:
    """A value for a data attribute or a hidden field, to be escaped there."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True)


def percent(share: float) -> str:
    """'82%'; '100%' means all and '0%' means none: other shares are never rounded to them."""
    if 0.995 <= share < 1:
        return ">99%"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"
