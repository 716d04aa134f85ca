"""Money: integer micro-USD, unit prices as exact decimals, one rounding per charge; both and units in words."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

MICRO_USD = 1_000_000


def to_micro(usd: Decimal) -> int:
    """USD to micro-USD, rounded half up."""
    return int((usd * MICRO_USD).to_integral_value(ROUND_HALF_UP))


def charge(units: Mapping[str, Decimal | int], usd_per_unit: Mapping[str, Decimal]) -> int:
    """What a call costs, in micro-USD: exact over all its units, then rounded once, half up."""
    return to_micro(sum((Decimal(count) * usd_per_unit[unit] for unit, count in units.items()), Decimal(0)))


def in_cents(micro_usd: int) -> str:
    """For tables and totals: '0.17', rounded half up to the cent."""
    return f"{(Decimal(micro_usd) / MICRO_USD).quantize(Decimal('0.01'), ROUND_HALF_UP)}"


def in_usd(micro_usd: int) -> str:
    """For people: '0.17', '0.0004' where cents would hide it."""
    amount = Decimal(micro_usd) / MICRO_USD
    cents = amount.quantize(Decimal("0.01"))
    return f"{cents}" if cents == amount else f"{amount.quantize(Decimal('0.0001'))}"


def in_units(count: Decimal | int, unit: str) -> str:
    """For people: '1 search', '30,000 searches', '900 input tokens'."""
    name = unit.replace("_", " ")
    plural = "" if count == 1 else "es" if name.endswith(("ch", "sh", "s", "x")) else "s"
    return f"{Decimal(count).normalize():,f} {name}{plural}"


def counted(units: Mapping[str, int]) -> str:
    """'3 searches', '900 input tokens, 40 output tokens', 'no units'."""
    return ", ".join(in_units(count, unit) for unit, count in units.items()) or "no units"
