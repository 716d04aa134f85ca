"""What is strange about sound rules: sources that are never asked, days without a limit, prices that look like slips.

Rules + Rules before  ->  remarks; they are no errors, because a contract may say so

A price looks like a slip of the decimal point where it is far from what the unit usually costs, or cost before.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from enrichment.domain.data_tables import rows_of
from enrichment.rules import Rules, never_asked

FAR = 8
"""Times dearer or cheaper: below ten, so that a slip shows beside a moderate change of the price."""


def rule_remarks(rules: Rules, before: Rules | None = None) -> Iterator[tuple[str, str]]:
    """What each is about and what is strange, and what to do. before: as of price_remarks."""
    for source in never_asked(rules):
        yield (
            f"config/sources.yaml: {source} is never asked:",
            "no dataset names it; add it to the `sources` of one in config/datasets.yaml",
        )
    if rules.caps.all is None:
        yield (
            "config/caps.yaml: no cap on what a day may cost in all:",
            'write all: "250.00", or another amount in USD',
        )
    for remark in price_remarks(rules, before):
        yield remark, ""


def price_remarks(rules: Rules, before: Rules | None = None) -> tuple[str, ...]:
    """before: the last rules in force; their prices count where no usual one is listed."""
    known = ({} if before is None else _prices(before)) | _usual()
    return tuple(
        _remark(name, price, known[name])
        for name, price in _prices(rules).items()
        if name in known and price != known[name] and not known[name] / FAR < price < known[name] * FAR
    )


def _remark(name: str, price: Decimal, usual: Decimal) -> str:
    if not price:
        how = f"is free, but a unit usually costs {_in_full(usual)} USD"
    elif not usual:
        how = f"costs {_in_full(price)} USD a unit, but is usually free"
    else:
        times = f"{_times(price / usual)} times dearer" if price > usual else f"{_times(usual / price)} times cheaper"
        how = f"is {times} than usual ({_in_full(price)} USD a unit instead of {_in_full(usual)})"
    return f"config/providers.yaml: {name} {how}: check the decimal point, or leave it where the contract says so"


def _times(ratio: Decimal) -> str:
    return _in_full(ratio.quantize(Decimal("0.1")))


def _in_full(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _prices(rules: Rules) -> dict[str, Decimal]:
    """'serpapi.prices.search' -> USD for one."""
    return dict(_each_price(rules))


def _each_price(rules: Rules) -> Iterator[tuple[str, Decimal]]:
    for provider, entry in rules.providers.items():
        yield from ((f"{provider}.prices.{unit}", price.usd) for unit, price in entry.prices.items())
        for model, prices in entry.models.items():
            yield f"{provider}.models.{model}.input_token", prices.input_token.usd
            yield f"{provider}.models.{model}.output_token", prices.output_token.usd


@cache
def _usual() -> dict[str, Decimal]:
    return {
        f"{provider}.{'models' if '.' in unit else 'prices'}.{unit}": Decimal(usd)
        for provider, unit, usd in rows_of("resources", "usual_prices")
    }
