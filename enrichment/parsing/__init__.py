"""What a vendor's reply contains about a company: one reader per source, one file per provider. Pure.

Reply + Company + Rules  ->  Fact, Fact, ...   (facts.py);   ->  NamedCompany, ...: which companies its records are of
"""

from enrichment.parsing.facts import READERS, NoReader, companies_named, other_names, read, reader_of
from enrichment.parsing.reader import NamedCompany, OtherName, ParsedValue, Reader, ReaderEntry, ReaderInput

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
    "other_names",
    "read",
    "reader_of",
]
