"""What a vendor's reply contains about a company: one reader per source, one file per provider. Pure.

Reply + Company + Rules  ->  Fact, Fact, ...   (reply_facts.py)
                         ->  NamedCompany, ...: which companies its records are of

A name is imported when it is first used: what is served from a finished profile reads no reply.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrichment.parsing.reader_types import NamedCompany, OtherName, ParsedValue, Reader, ReaderEntry, ReaderInput
    from enrichment.parsing.readers import READERS
    from enrichment.parsing.reply_facts import (
        NoReader,
        companies_named,
        companies_that_come_up,
        other_names,
        read,
        reader_of,
    )

__all__ = [
    "READERS",
    "NamedCompany",
    "NoReader",
    "OtherName",
    "ParsedValue",
    "Reader",
    "ReaderEntry",
    "ReaderInput",
    "companies_named",
    "companies_that_come_up",
    "other_names",
    "read",
    "reader_of",
]
_READER_TYPES = frozenset({"NamedCompany", "OtherName", "ParsedValue", "Reader", "ReaderEntry", "ReaderInput"})


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "readers" if name == "READERS" else "reader_types" if name in _READER_TYPES else "reply_facts"
    return getattr(import_module(f"{__name__}.{module}"), name)
