"""What people read instead of the names that the rules have: 'serp_news' -> 'Google News'. One place for all messages.

names of sources, datasets, analyses ('analysis:growth') -> words          stored names and --json keep the names
"""

from collections.abc import Iterable
from functools import cache

from enrichment.domain.data_tables import rows_of


def called(name: str) -> str:
    """The name for people in data/names_for_people.csv; where it is not listed, its own name as words."""
    name = name.rpartition(":")[2]
    return _names().get(name, name.replace("_", " "))


def all_called(names: Iterable[str]) -> str:
    """The names for people, each once: 'Google News, Google Jobs'."""
    return ", ".join(dict.fromkeys(map(called, names)))


@cache
def _names() -> dict[str, str]:
    return {row[0]: row[1] for row in rows_of("enrichment.rules", "names_for_people")}
