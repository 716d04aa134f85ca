"""What one value in config/*.yaml may be: durations, amounts, counts, chances; nothing extra in an entry."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


DAY = 86400


def parse_seconds(text: object) -> int:
    """Seconds, from '7d', '1h', '90s' or a number of seconds."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = re.fullmatch(r"(\d{1,9})\s*([smhd])", text.strip()) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"{text!r} is no duration; write a number and s, m, h or d, such as 7d")
    return int(match[1]) * _UNITS[match[2]]


def _exact(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"{value} is no number")
    if isinstance(value, str) and not (value.isascii() and "_" not in value):
        raise ValueError(f"{value} is no number in plain digits")
    return str(value) if isinstance(value, float) else value


def _whole(value: object) -> object:
    value = _exact(value)
    if isinstance(value, str) and value.partition(".")[2].strip("0"):
        raise ValueError(f"{value} is no whole number; a vendor bills whole units, and this is the most it may bill")
    return value


def _day(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(f"{value} is no day; write one such as 2026-11-21")
    return value


Seconds = Annotated[int, BeforeValidator(parse_seconds), Field(gt=0, le=100 * 365 * DAY)]


Usd = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1_000_000)]


AverageUnits = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=1_000_000)]


WholeUnits = Annotated[int, BeforeValidator(_whole), Field(gt=0, le=1_000_000)]


Day = Annotated[date, BeforeValidator(_day)]


Flag = Annotated[bool, Field(strict=True)]


Number = Annotated[float, Field(strict=True)]


Count = Annotated[int, Field(strict=True, gt=0)]


Hour = Annotated[int, Field(strict=True, ge=0, le=24)]


Probability = Annotated[Number, Field(ge=0, le=1)]


class RuleModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
