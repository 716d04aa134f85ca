"""A value of a spreadsheet, of Parquet or of JSON to a cell: a text, a number, or nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from math import isfinite

from enrichment.identity.domains import registrable_domain

_ADDRESS_KEYS = ("url", "href", "value", "domain", "name")


def plain(value: object) -> object:
    """Dates, times, booleans, NaN and infinity count as empty. An object gives its address or name.

    A list gives its first value; a list of addresses gives all, because the first may be a page on a platform.
    """
    to_python = getattr(
        value, "tolist", None
    )  # NumPy's values and arrays have this method; NumPy is not imported for it, as CSV is read without it
    value = to_python() if to_python is not None else value
    if value is None or isinstance(value, bool | datetime | date | time):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        lower = {str(key).lower(): one for key, one in value.items()}
        return next((plain(lower[key]) for key in _ADDRESS_KEYS if lower.get(key) is not None), None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        found = [one for one in map(plain, value) if one is not None]
        addresses = [one for one in found if isinstance(one, str) and registrable_domain(one)]
        return ", ".join(addresses) if addresses and addresses == found else next(iter(found), None)
    return value


def _number(value: float) -> object:
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value
