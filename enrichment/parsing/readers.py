"""Which reader reads a source's replies: READERS, source -> its reader, of all files in vendors/.

The files are imported when a reader is first looked up: what is served from a finished profile reads no reply.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enrichment.parsing.reader_types import ReaderEntry

_FILES = (
    "google_kg",
    "serpapi",
    "snov",
    "apollo",
    "brightdata",
    "web_pages",
    "website_passages",
    "found_passages",
    "competitors",
)


class _Readers(Mapping[str, "ReaderEntry"]):
    def __getitem__(self, source: str) -> "ReaderEntry":
        return self._all[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> "Mapping[str, ReaderEntry]":
        files = (import_module(f"enrichment.parsing.vendors.{name}") for name in _FILES)
        return {source: entry for file in files for source, entry in file.READERS.items()}


READERS: "Mapping[str, ReaderEntry]" = _Readers()
