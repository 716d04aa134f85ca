"""Ids of records: unique, and sorted as text by the time they were made; and the name of an analysis as a source.

'req' -> 'req_1a228caeac87...': a UUIDv7 in hexadecimal, without its first digit
'hiring' <-> 'analysis:hiring', in every column of purchases, reads, facts and caps that names a source
"""

from uuid_utils import uuid7


def new_id(kind: str) -> str:
    """A fresh id; within one process each one sorts after those before it, also within one millisecond.

    The first digit of a UUIDv7 is 0 until the year 2527; without it new ids also sort after those of existing stores.
    """
    return f"{kind}_{uuid7().hex[1:]}"


_ANALYSIS = "analysis:"


def analysis_source(analysis: str) -> str:
    """How an analysis is named where sources are."""
    return _ANALYSIS + analysis


def analysis_of(source: str) -> str | None:
    """The analysis that is named as this source; None: it is a vendor's source."""
    return source.removeprefix(_ANALYSIS) if source.startswith(_ANALYSIS) else None
