"""Ids of records: unique, and sorted as text by the time they were made.

'req' -> 'req_1a228caeac87...': a UUIDv7 in hexadecimal, without its first digit
"""

from uuid_utils import uuid7


def new_id(kind: str) -> str:
    """A fresh id; within one process each one sorts after those before it, also within one millisecond.

    The first digit of a UUIDv7 is 0 until the year 2527; without it new ids also sort after those of existing stores.
    """
    return f"{kind}_{uuid7().hex[1:]}"
