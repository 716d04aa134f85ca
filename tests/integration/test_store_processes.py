"""One store, several processes: no cap is passed, no question asked twice, and who dies is succeeded."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from enrichment.ports import AlreadyClaimed, CapReached, Reserved
from enrichment.records import Cap
from resources.store import SqlStore, open_store
from tests.integration.purchasing import LATER, MANY, answered, bought, caps, draft, reply_of, reserved, sent
from tests.making import NOON

SPAWN = get_context("spawn")
DAY, PROVIDER = "day:2026-03-02", "provider:serpapi"


def reserve_many(url: str, process: int, *, same: bool) -> list[str]:
    """What came of 40 reserves by 4 threads: of one question, or each of its own."""
    store = open_store(url, world="sandbox", create=False)
    limits = [Cap(DAY, 500_000), Cap(PROVIDER, 300_000)]

    def reserve(number: int) -> str:
        variant = "same" if same else f"{process}-{number}"
        order = limits if number % 2 else limits[::-1]
        return type(store.reserve(draft(price=10_000, variant=variant), order, at_once=MANY)).__name__

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(reserve, range(40)))
    store.close()
    return outcomes


def die_after_sending(url: str) -> None:
    store = open_store(url, world="sandbox", create=False)
    sent(store, draft())
    os.kill(os.getpid(), signal.SIGKILL)


def die_while_settling(url: str) -> None:
    """Everything is written, nothing committed."""
    store = open_store(url, world="sandbox", create=False)
    made = sent(store, draft())
    reply = reply_of(made)

    class Deadly(list[object]):
        """Facts that nobody survives reading: they are the last thing a settlement writes."""

        def __bool__(self) -> bool:
            os.kill(os.getpid(), signal.SIGKILL)
            return True

    store.settle(answered(made), reply=reply, facts=Deadly())  # type: ignore[arg-type]  # a list of no facts


def outcomes_of_two_processes(url: str, *, same: bool) -> list[str]:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as processes:
        running = [processes.submit(reserve_many, url, number, same=same) for number in range(2)]
        return [outcome for one in running for outcome in one.result(timeout=120)]


def run_to_its_death(target: object, url: str) -> None:
    process = SPAWN.Process(target=target, args=(url,))  # type: ignore[arg-type]  # one of the two above
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL


def test_two_processes_together_never_pass_a_cap(store: SqlStore, store_url: str) -> None:
    outcomes = outcomes_of_two_processes(store_url, same=False)
    assert outcomes.count(Reserved.__name__) == 30
    assert outcomes.count(CapReached.__name__) == 50
    assert store.spent([DAY, PROVIDER]) == {DAY: 300_000, PROVIDER: 300_000}


def test_two_processes_with_one_question_make_one_purchase(store: SqlStore, store_url: str) -> None:
    outcomes = outcomes_of_two_processes(store_url, same=True)
    assert outcomes.count(Reserved.__name__) == 1
    assert outcomes.count(AlreadyClaimed.__name__) == 79
    assert len(store.purchases("req_1")) == 1


def test_a_process_killed_after_sending_leaves_one_uncertain_purchase(store: SqlStore, store_url: str) -> None:
    run_to_its_death(die_after_sending, store_url)
    assert isinstance(store.reserve(draft(), caps(1_000_000), at_once=MANY), AlreadyClaimed)
    heir = reserved(store, draft(at=LATER))
    assert sorted(purchase.state for purchase in store.purchases("req_1")) == ["reserved", "uncertain"]
    assert store.spent([DAY]) == {DAY: 100_000}
    store.settle(answered(heir), reply=reply_of(heir), facts=())


def test_a_process_killed_while_settling_leaves_no_half_of_it(store: SqlStore, store_url: str) -> None:
    run_to_its_death(die_while_settling, store_url)
    [purchase] = store.purchases("req_1")
    assert purchase.state == "sent"
    assert store.is_claimed(purchase.purchase_id)
    assert store.known("com_1").replies == ()
    assert store.spent([DAY]) == {DAY: 50_000}
    assert store.send(purchase.purchase_id, at=NOON)


def test_what_one_process_has_settled_another_reads_at_once(store: SqlStore, store_url: str) -> None:
    reader = open_store(store_url, world="sandbox", create=False)
    assert reader.known("com_1").replies == ()
    reply = bought(store, draft(), "Machinery")
    assert [head.reply_id for head in reader.known("com_1").replies] == [reply.reply_id]
    reader.close()
