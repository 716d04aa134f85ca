"""What one step of a run leaves for the next: rows by run and company, until the run has ended well."""

from datetime import timedelta

from resources.store import RunCompany, SqlStore
from tests.support.examples import NOON

ACME, BETA = RunCompany(0, "acme.com", "going", b"a plan"), RunCompany(1, "beta.com", "failed", b"why")


def test_what_a_step_leaves_is_read_in_the_order_of_the_run(store: SqlStore) -> None:
    store.run_companies.keep("run_1", [BETA, ACME], at=NOON)
    store.run_companies.keep("run_2", [ACME], at=NOON)
    assert store.run_companies.of("run_1") == [ACME, BETA]
    assert store.run_companies.of("run_unknown") == []


def test_a_later_step_replaces_only_the_companies_it_writes(store: SqlStore) -> None:
    done = RunCompany(0, "acme.com", "finished", b"a profile")
    store.run_companies.keep("run_1", [ACME, BETA], at=NOON)
    store.run_companies.keep("run_1", [done], at=NOON)
    store.run_companies.keep("run_1", [], at=NOON)
    assert store.run_companies.of("run_1") == [done, BETA]


def test_a_run_of_many_companies_is_kept_whole(store: SqlStore) -> None:
    rows = [RunCompany(number, f"{number}.com", "going", b"x") for number in range(450)]
    store.run_companies.keep("run_1", rows, at=NOON)
    assert store.run_companies.of("run_1") == rows


def test_a_run_that_ended_is_forgotten_and_so_is_what_was_left_long_ago(store: SqlStore) -> None:
    hour = timedelta(hours=1)
    for run, at in (("run_1", NOON), ("run_2", NOON), ("run_old", NOON - 2 * hour)):
        store.run_companies.keep(run, [ACME], at=at)
    store.run_companies.forget("run_1", older_than=NOON - hour)
    assert [store.run_companies.of(run) for run in ("run_1", "run_2", "run_old")] == [[], [ACME], []]
