"""What a vendor's reply contains about a company: one reader per source, one file per provider. Pure.

Reply + Company + Rules  ->  Fact, Fact, ...   (facts.py);   ->  NamedCompany, ...: which companies its records are of

A name is imported when it is first used: what is served from a finished profile reads no reply.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrichment.parsing.facts import (
        NoReader,
        companies_named,
        companies_that_come_up,
        other_names,
        read,
        reader_of,
    )
    from enrichment.parsing.reader import NamedCompany, OtherName, ParsedValue, Reader, ReaderEntry, ReaderInput
    from enrichment.parsing.readers import READERS

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
_OF_READER = frozenset({"NamedCompany", "OtherName", "ParsedValue", "Reader", "ReaderEntry", "ReaderInput"})


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "readers" if name == "READERS" else "reader" if name in _OF_READER else "facts"
    return getattr(import_module(f"{__name__}.{module}"), name)
