"""One store, several processes: no cap is passed, no question asked twice; processes that die or pause are replaced."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection

import sqlalchemy as sa

from enrichment.domain.purchases import Cap, Purchase
from enrichment.ports import AlreadyClaimed, Breaker, Busy, CapReached, Reserved, Unavailable
from resources.store import SqlStore, open_store
from resources.store import tables as t
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import NOON
from tests.support.forkserver import FORKSERVER
from tests.support.ledger_records import LATER, MANY, answered, bought, caps, draft, facts_of, reply_of, reserved, sent
from tests.support.waiting_threads import all_queued

DAY, PROVIDER = "day:2026-03-02", "provider:serpapi"
EACH = 40


def reserve_many(url: str, process: int, *, same: bool, at_once: int = MANY) -> list[str]:
    """What came of 40 reserves by 4 threads: of one question, or each of its own."""
    store = open_store(url, world="sandbox", create=False)
    limits = [Cap(DAY, 500_000), Cap(PROVIDER, 300_000)]

    def reserve(number: int) -> str:
        variant = "same" if same else f"{process}-{number}"
        order = limits if number % 2 else limits[::-1]
        return type(store.ledger.reserve(draft(price=10_000, variant=variant), order, at_once=at_once)).__name__

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(reserve, range(EACH)))
    store.close()
    return outcomes


def outcomes_of_two_processes(url: str, *, same: bool, at_once: int = MANY) -> list[str]:
    with ProcessPoolExecutor(2, mp_context=FORKSERVER) as processes:
        running = [processes.submit(reserve_many, url, number, same=same, at_once=at_once) for number in range(2)]
        return [outcome for one in running for outcome in one.result(timeout=PATIENCE_SECONDS)]


def test_two_processes_together_never_pass_a_cap(store: SqlStore, store_url: str) -> None:
    outcomes = outcomes_of_two_processes(store_url, same=False)
    assert outcomes.count(Reserved.__name__) == 30
    assert outcomes.count(CapReached.__name__) == 50
    assert store.ledger.spent([DAY, PROVIDER]) == {DAY: 300_000, PROVIDER: 300_000}


def test_two_processes_with_one_question_make_one_purchase(store: SqlStore, store_url: str) -> None:
    outcomes = outcomes_of_two_processes(store_url, same=True)
    assert outcomes.count(Reserved.__name__) == 1
    assert outcomes.count(AlreadyClaimed.__name__) == 79
    assert len(store.ledger.purchases("req_1")) == 1


def test_two_processes_together_have_no_more_under_way_than_allowed(store: SqlStore, store_url: str) -> None:
    outcomes = outcomes_of_two_processes(store_url, same=False, at_once=7)
    assert outcomes.count(Reserved.__name__) == 7
    assert outcomes.count(Busy.__name__) == 73


def test_of_two_processes_one_sends_the_probe(store: SqlStore, store_url: str) -> None:
    out = Breaker(failures=1, first_seconds=30, longest_seconds=30, exhausted_seconds=30)
    store.provider_health.record_failure(
        "serpapi", out, exhausted=False, because="It does not answer.", at=NOON - timedelta(seconds=30)
    )
    outcomes = outcomes_of_two_processes(store_url, same=False)
    assert outcomes.count(Reserved.__name__) == 1
    assert outcomes.count(Unavailable.__name__) == 79


def test_what_one_process_has_settled_another_reads_at_once(store: SqlStore, store_url: str) -> None:
    reader = open_store(store_url, world="sandbox", create=False)
    assert reader.knowledge.known("com_1").replies == ()
    reply = bought(store, draft(), "Machinery")
    assert [head.reply_id for head in reader.knowledge.known("com_1").replies] == [reply.reply_id]
    reader.close()


# processes that die


def die_after_sending(url: str) -> None:
    store = open_store(url, world="sandbox", create=False)
    sent(store, draft())
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_the_commit(url: str) -> None:
    """Three threads settle in one transaction; everything is written, nothing committed."""
    store = open_store(url, world="sandbox", create=False)
    made = [sent(store, draft(variant=str(number))) for number in range(3)]

    def settle(purchase: Purchase) -> None:
        reply = reply_of(purchase)
        store.ledger.settle(answered(purchase, cost=20_000), reply=reply, facts=facts_of(reply, "Machinery"))

    def die(tx: sa.Connection) -> None:
        assert tx.scalar(sa.select(sa.func.count()).select_from(t.replies)) == len(made)
        os.kill(os.getpid(), signal.SIGKILL)

    with all_queued(
        store.database._commit_queue, [*(partial(settle, one) for one in made), partial(store.database.ledger, die)]
    ):
        pass


def run_to_its_death(target: Callable[[str], None], url: str) -> None:
    process = FORKSERVER.Process(target=target, args=(url,))
    process.start()
    process.join(timeout=PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL


def test_a_process_killed_after_sending_leaves_one_uncertain_purchase(store: SqlStore, store_url: str) -> None:
    run_to_its_death(die_after_sending, store_url)
    assert isinstance(store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY), AlreadyClaimed)
    heir = reserved(store, draft(at=LATER))
    assert sorted(purchase.state for purchase in store.ledger.purchases("req_1")) == ["reserved", "uncertain"]
    assert store.ledger.spent([DAY]) == {DAY: 100_000}
    store.ledger.settle(answered(heir), reply=reply_of(heir), facts=())


def test_a_process_killed_while_several_settle_together_leaves_no_half_of_it(store: SqlStore, store_url: str) -> None:
    run_to_its_death(die_before_the_commit, store_url)
    purchases = store.ledger.purchases("req_1")
    assert [purchase.state for purchase in purchases] == ["sent"] * 3
    assert all(store.ledger.is_claimed(purchase.purchase_id) for purchase in purchases)
    assert store.knowledge.known("com_1").replies == ()
    assert store.ledger.spent([DAY]) == {DAY: 150_000}
    settled = answered(purchases[0])
    store.ledger.settle(settled, reply=reply_of(settled), facts=())  # and no process is locked out


# processes that are paused


def ask_leave_to_send(url: str, pipe: Connection) -> None:
    """Sends what it reserved; then, after the other end answers, whether it may send, by a clock that did not go on."""
    store = open_store(url, world="sandbox", create=False)
    made = reserved(store, draft())
    pipe.send(made.purchase_id)
    pipe.recv()
    pipe.send(store.ledger.send(made, at=NOON))
    store.close()


def test_a_process_that_is_paused_beyond_its_lease_must_not_send(store: SqlStore, store_url: str) -> None:
    here, there = FORKSERVER.Pipe()
    process = FORKSERVER.Process(target=ask_leave_to_send, args=(store_url, there))
    process.start()
    assert process.pid is not None
    assert here.poll(PATIENCE_SECONDS)
    paused = here.recv()
    os.kill(process.pid, signal.SIGSTOP)
    heir = reserved(store, draft(at=LATER))
    here.send("go on")
    os.kill(process.pid, signal.SIGCONT)
    assert here.poll(PATIENCE_SECONDS)
    assert here.recv() is False
    process.join(timeout=PATIENCE_SECONDS)
    assert {one.purchase_id: one.state for one in store.ledger.purchases("req_1")} == {
        paused: "released",
        heir.purchase_id: "reserved",
    }
    assert store.ledger.spent([DAY]) == {DAY: 50_000}
