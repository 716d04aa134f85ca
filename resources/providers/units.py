"""Numbers in vendors' responses, checked before anything is computed with them: units billed, what is left of a plan.

stated_units(3) -> 3 | ValueError       plan_left("25000.00") -> Decimal | None: it is not stated
"""

from decimal import Decimal, InvalidOperation

from enrichment.domain.json_values import Json

MOST_UNITS = 10_000_000  # of one question; more is an error of the vendor, not a bill
_MOST_LEFT = Decimal(10) ** 12


def stated_units(stated: Json) -> int:
    """A whole number from 0 to MOST_UNITS. Raises ValueError."""
    whole = isinstance(stated, int) or (isinstance(stated, float) and stated.is_integer())
    if isinstance(stated, bool) or not whole or not 0 <= stated <= MOST_UNITS:
        raise ValueError(f"{str(stated)[:30]!r} is no number of units")
    return int(stated)


def plan_left(stated: Json) -> Decimal | None:
    """A number or its text, 0 or more; None for anything else."""
    if isinstance(stated, bool) or not isinstance(stated, int | float | str):
        return None
    try:
        left = Decimal(str(stated).strip())
    except (InvalidOperation, ValueError):  # ValueError: more digits than Python prints
        return None
    return left if left.is_finite() and 0 <= left <= _MOST_LEFT else None
