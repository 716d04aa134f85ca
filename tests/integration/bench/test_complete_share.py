"""The most that can be spent on complete profiles, by hand."""

from bench.batch.complete_share import SourceTest, best_share, greatest_share


def test_what_fails_cheapest_is_asked_first_and_the_rest_is_not_bought_in_vain() -> None:
    names = SourceTest(price=0.5, is_always_charged=True, match_rate=0.5, fills={"name": 1.0})
    people = SourceTest(price=2.0, is_always_charged=False, match_rate=0.5, fills={"people": 1.0})
    best = best_share([people, names])
    assert (best.complete, best.cost, best.of_complete) == (0.25, 0.5 + 0.5 * 0.5 * 2.0, 0.25 * 2.5)
    assert best.share == 0.625


def test_a_fallback_is_asked_only_for_what_is_left() -> None:
    first = SourceTest(1.0, True, 1.0, {"industry": 0.5})
    fallback = SourceTest(3.0, False, 1.0, {"industry": 1.0})
    best = best_share([fallback, first], besides=1.0)
    assert (best.complete, best.cost, best.share) == (1.0, 1.0 + 0.5 * 3.0 + 1.0, 1.0)


def test_the_greatest_share_is_that_of_what_is_paid_for_only_where_it_completes_the_company() -> None:
    search = SourceTest(price=1.0, is_always_charged=True, match_rate=0.5, fills={"people": 1.0})
    records = SourceTest(price=4.0, is_always_charged=False, match_rate=0.5, fills={"people": 1.0})
    assert best_share([records, search]).share == 0.875
    greatest = greatest_share([records, search])
    assert (greatest.share, greatest.complete, greatest.cost) == (1.0, 0.5, 2.0)
