"""Money: integer micro-USD, unit prices as exact decimals, one rounding per charge; both and units in words."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from enrichment.domain.numbers import in_number

MICRO_USD = 1_000_000
_CENT = Decimal("0.01")
_HUNDREDTH_OF_A_CENT = 100  # in micro-USD


def to_micro(usd: Decimal) -> int:
    """USD to micro-USD, rounded half up."""
    return int((usd * MICRO_USD).to_integral_value(ROUND_HALF_UP))


def charge(units: Mapping[str, Decimal | int], usd_per_unit: Mapping[str, Decimal]) -> int:
    """What a call costs, in micro-USD: exact over all its units, then rounded once, half up."""
    return to_micro(sum((Decimal(count) * usd_per_unit[unit] for unit, count in units.items()), Decimal(0)))


def in_cents(micro_usd: int) -> str:
    """An amount for tables and totals: '0.17', rounded half up to the cent; as `in_usd` where that would hide it."""
    cents = _rounded(micro_usd, _CENT)
    return f"{cents}" if cents or not micro_usd else in_usd(micro_usd)


def in_usd(micro_usd: int) -> str:
    """An amount for people, rounded half up: '0.17'; '0.0004' or '0.00005' where fewer digits would hide it."""
    cents = _rounded(micro_usd, _CENT)
    if cents * MICRO_USD == micro_usd:
        return f"{cents}"
    if abs(micro_usd) < _HUNDREDTH_OF_A_CENT:
        return f"{(Decimal(micro_usd) / MICRO_USD).normalize():f}"
    return f"{_rounded(micro_usd, Decimal('0.0001'))}"


def in_full(micro_usd: int) -> str:
    """An amount that people type back, such as a cap: '0.17', '0.123456'; not rounded."""
    cents, amount = _rounded(micro_usd, _CENT), Decimal(micro_usd) / MICRO_USD
    return f"{cents}" if cents == amount else f"{amount.normalize():f}"


def _rounded(micro_usd: int, to: Decimal) -> Decimal:
    return (Decimal(micro_usd) / MICRO_USD).quantize(to, ROUND_HALF_UP)


def in_units(count: Decimal | int, unit: str) -> str:
    """A count of units for people: '1 search', '30,000 searches', '900 input tokens'."""
    return in_number(count, unit.replace("_", " "))


def counted(units: Mapping[str, int]) -> str:
    """'3 searches', '900 input tokens, 40 output tokens', 'no units'."""
    return ", ".join(in_units(count, unit) for unit, count in units.items()) or "no units"
