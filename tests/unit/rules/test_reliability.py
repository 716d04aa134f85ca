"""Lines of reliability.yaml when they are learned again."""

from enrichment.rules import DatasetReliability, Feed, SourceReliability
from enrichment.rules.reliability import Use, with_use


def figures(right: int, use: Use = "proposed", *fed: str) -> DatasetReliability:
    feeds = (Feed(accuracy=right / 100, copied=dict.fromkeys(fed, 0.9), use=use),) if fed else ()
    return DatasetReliability(sources={"one": SourceReliability(right=right, checked=100, use=use)}, feeds=feeds)


def test_what_is_found_first_is_proposed_an_accepted_line_is_renewed_and_a_pinned_one_stays() -> None:
    found = {"industry": figures(90, "proposed", "a", "b")}
    assert with_use({}, found) == found
    for use, right in (("proposed", 90), ("accepted", 90), ("pinned", 70)):
        lines = {"industry": figures(70, use, "a", "b")}  # type: ignore[arg-type]  # one of the three
        [line] = with_use(lines, found)["industry"].sources.values()
        [feed] = with_use(lines, found)["industry"].feeds
        assert (line.right, line.use, feed.accuracy, feed.use) == (right, use, right / 100, use)


def test_a_feed_that_counts_stays_beside_one_of_other_sources_and_a_proposed_one_does_not() -> None:
    found = {"industry": figures(90, "proposed", "a", "b", "c")}
    kept = with_use({"industry": figures(70, "accepted", "a", "b")}, found)["industry"].feeds
    assert [(len(feed.copied), feed.use) for feed in kept] == [(2, "accepted"), (3, "proposed")]
    assert len(with_use({"industry": figures(70, "proposed", "a", "b")}, found)["industry"].feeds) == 1


def test_a_dataset_without_news_keeps_its_lines() -> None:
    assert with_use({"industry": figures(70, "accepted")}, {"domain": figures(90)}).keys() == {"domain", "industry"}
