"""Rules with more sources than ship, for what a first plan takes: as many as asked for, each of which can be asked."""

import pytest

from bench.planner.more_sources import with_sources
from enrichment.rules import never_asked
from tests.support.examples import MATRIX


@pytest.mark.parametrize("count", [13, 15, 20, 30])
def test_there_are_as_many_sources_and_datasets_name_them(count: int) -> None:
    more = with_sources(MATRIX, count)
    assert len(more.sources) == count
    assert list(never_asked(more)) == list(never_asked(MATRIX))
    assert {name: more.sources[name] for name in MATRIX.sources} == MATRIX.sources


def test_an_added_source_is_known_to_fewer_companies_than_the_one_it_is_like() -> None:
    more = with_sources(MATRIX, 14)
    [added] = set(more.sources) - set(MATRIX.sources)
    like = next(name for name in MATRIX.sources if added.startswith(f"{name}_"))
    assert more.sources[added].match_rate < MATRIX.sources[like].match_rate
    assert more.sources[added].datasets == MATRIX.sources[like].datasets
