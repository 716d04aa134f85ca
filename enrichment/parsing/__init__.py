"""What a vendor's reply contains about a company: one reader per source, one file per provider. Pure.

Reply + Company + Rules  ->  Fact, Fact, ...   (facts.py)
"""

from enrichment.parsing.facts import READERS, NoReader, read, reader_of
from enrichment.parsing.reader import ParsedValue, Reader, ReaderEntry, ReaderInput

__all__ = ["READERS", "NoReader", "ParsedValue", "Reader", "ReaderEntry", "ReaderInput", "read", "reader_of"]
