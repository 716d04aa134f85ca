"""Replies that are paid for give what newer readers find in them, for companies that are asked about no more."""

from collections.abc import Iterator

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.values import Founded, Headquarters, Text, Value
from enrichment.memory.rereading import read_again
from enrichment.parsing import READERS, ParsedValue, ReaderEntry, ReaderInput
from resources.store import SqlStore
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import DAY, bought, request

SOURCE = "brightdata_company_db"
RECORD = {
    "name": "Acme",
    "website": "https://acme.com/",
    "industries": "Widgets",
    "country_code": "US",
    "headquarters": "Austin, TX",
    "founded": 2003,
}


def enriched(store: SqlStore, number: int = 1, *, later: int = 0, found: bool = True) -> Company:
    """A company whose record was read before readers knew of seats: only its industry was."""
    domain = f"acme{number}.com"
    [acme] = store.companies.add([Company(f"com_{number}", domain, "Acme", domain, NOON)])
    at, record = NOON + later * DAY, RECORD | {"website": f"https://{domain}/"}
    answers = {"industry": [Text(text="Widgets")]} if found else {}
    bought(store, request(store, acme, at=at), SOURCE, answers, at=at, steps={"records": [record]})
    return acme


def values(known: Known) -> dict[str, Value]:
    return {fact.dataset: fact.value for fact in known.facts}


def test_a_reply_read_by_an_older_reader_gives_what_the_newer_one_finds(store: SqlStore) -> None:
    acme = enriched(store)
    assert read_again(store, MATRIX) == 1
    known = store.knowledge.known(acme.company_id)
    found = values(known)
    assert found["founded"] == Founded(year=2003)
    assert found["headquarters"] == Headquarters(city="Austin", region="TX", country="US")
    assert found["industry"] == Text(text="Widgets")
    assert known.replies[0].reader_version == READERS[SOURCE].version
    assert store.ledger_queries.totals().purchases == 1


def test_what_the_reader_of_now_has_read_is_not_read_again(store: SqlStore) -> None:
    enriched(store)
    read_again(store, MATRIX)
    assert read_again(store, MATRIX) == 0


def test_an_older_reply_and_one_that_knows_nothing_are_left_alone(store: SqlStore) -> None:
    acme = enriched(store)
    enriched(store, later=30)
    enriched(store, 2, found=False)
    assert read_again(store, MATRIX) == 1
    [newest] = store.knowledge.known(acme.company_id).replies
    assert newest.collected_at == NOON + 30 * DAY


def test_so_many_at_a_time_and_the_rest_the_next_time(store: SqlStore) -> None:
    for number in range(1, 6):
        enriched(store, number)
    assert [read_again(store, MATRIX, at_most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_reader_that_raises_leaves_its_reply_and_the_others_are_read(store: SqlStore) -> None:
    def stumbles_over_the_first(subject: ReaderInput) -> Iterator[ParsedValue]:
        if subject.domain == "acme1.com":
            raise KeyError("no such field")
        yield ParsedValue("founded", Founded(year=2003), 1.0, "founded")

    first, second = enriched(store), enriched(store, 2)
    readers = {**READERS, SOURCE: ReaderEntry(stumbles_over_the_first, version=9)}
    assert read_again(store, MATRIX, readers=readers) == 1
    assert values(store.knowledge.known(first.company_id)) == {"industry": Text(text="Widgets")}
    assert values(store.knowledge.known(second.company_id)) == {"founded": Founded(year=2003)}


def test_a_source_without_a_reader_is_passed_over(store: SqlStore) -> None:
    enriched(store)
    readers = {source: entry for source, entry in READERS.items() if source != SOURCE}
    assert read_again(store, MATRIX, readers=readers) == 0
