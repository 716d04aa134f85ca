"""Numbers a vendor says, before anything is reckoned with them: units it took, what is left of a plan.

units_said(3) -> 3 | ValueError       plan_left("25000.00") -> Decimal | None: it does not say
"""

from decimal import Decimal, InvalidOperation

from enrichment.domain.records import Json

MOST_UNITS = 10_000_000  # of one question: more is a slip of the vendor's, not a bill
_MOST_LEFT = Decimal(10) ** 12


def units_said(said: Json) -> int:
    """A whole number from 0 to MOST_UNITS. Raises ValueError."""
    whole = isinstance(said, int) or (isinstance(said, float) and said.is_integer())
    if isinstance(said, bool) or not whole or not 0 <= said <= MOST_UNITS:
        raise ValueError(f"{str(said)[:30]!r} is no number of units")
    return int(said)


def plan_left(said: Json) -> Decimal | None:
    """A number or its text, 0 or more; None: anything else, of which nobody could tell what is left."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        left = Decimal(str(said).strip())
    except (InvalidOperation, ValueError):  # ValueError: more digits than Python prints
        return None
    return left if left.is_finite() and 0 <= left <= _MOST_LEFT else None
