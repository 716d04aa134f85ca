"""Money on the wire: USD as exact decimal text in fields that end in _usd; taken as text or number.

Documents that are stored as they are (a profile, an event) keep their integers, in fields that end in _micro_usd.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from enrichment.domain.money import in_full, to_micro

Usd = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2,6}$", examples=["0.17"])]
"""An amount that the service states."""

AskedUsd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6, examples=["0.50"])]
"""An amount that a client states."""


def usd(micro_usd: int) -> str:
    """'0.17', '0.123456'; no part of it is lost."""
    return in_full(micro_usd)


def micro(asked: Decimal | None) -> int | None:
    """The asked amount in micro-USD."""
    return None if asked is None else to_micro(asked)
