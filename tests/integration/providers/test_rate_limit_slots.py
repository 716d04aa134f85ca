"""Vendors' limits over all processes: when a call may be sent, which must wait, what the vendor counts in the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from enrichment.ports import ProviderError, Throttled
from enrichment.rules.provider_rules import RateLimits
from resources.providers import PROVIDERS, credential_names
from resources.providers.rate_limit_slots import LONGEST_PAUSE, SharedLimiter
from resources.providers.rate_limiter import NoSlot
from resources.store import SqlStore, open_store
from resources.store.purchases.rate_limit_log import ScheduledCall, Window
from resources.store.tables import turns as turns_table
from sandbox.app import create_app
from sandbox.server import served
from tests.support import virtual_time
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.forkserver import FORKSERVER
from tests.support.manual_clock import NOON, ManualClock
from tests.support.recorded_provider import RULES, forget, go_ahead, question

SECOND = timedelta(seconds=1)
FOR_EVER = timedelta(days=365)


def at(seconds: float) -> Callable[[], datetime]:
    return lambda: NOON + seconds * SECOND


def taken(
    store: SqlStore, windows: Sequence[Window], callers: int, *, now: float, patience: float = 1e6
) -> list[float]:
    """When calls may be sent, in seconds; nothing of those that would wait too long."""
    given = store.rate_limit_log.take_slots("snov", windows, [patience * SECOND] * callers, at(now))
    return [(one.at - NOON).total_seconds() for one in given if one.taken]


# In the store


def test_a_call_that_comes_too_fast_waits_for_the_first_slot_that_is_free(store: SqlStore) -> None:
    two = [Window(2, 10 * SECOND)]
    assert taken(store, two, 3, now=0) == [0, 0, 10]
    assert taken(store, two, 1, now=4) == [10]
    assert taken(store, two, 2, now=11) == [20, 20]


def test_a_slot_beyond_the_callers_patience_is_named_and_not_taken(store: SqlStore) -> None:
    one = [Window(1, 10 * SECOND)]
    given = store.rate_limit_log.take_slots("snov", one, [SECOND, SECOND, 60 * SECOND, SECOND], at(0))
    assert given == [
        ScheduledCall(NOON, taken=True),
        ScheduledCall(NOON + 10 * SECOND, taken=False),
        ScheduledCall(NOON + 10 * SECOND, taken=True),
        ScheduledCall(NOON + 20 * SECOND, taken=False),
    ]
    assert taken(store, one, 1, now=10) == [20]


def test_every_provider_has_turns_of_its_own(store: SqlStore) -> None:
    one = [Window(1, 10 * SECOND)]
    assert taken(store, one, 1, now=0) == [0]
    assert store.rate_limit_log.take_slots("apollo", one, [FOR_EVER], at(0)) == [ScheduledCall(NOON, taken=True)]


@pytest.mark.parametrize("seed", range(4))
def test_no_window_ever_contains_too_many_and_no_call_waits_for_nothing(store: SqlStore, seed: int) -> None:
    chance = random.Random(seed)
    windows = [Window(chance.randint(1, 5), 10 * SECOND), Window(chance.randint(3, 9), 35 * SECOND)]
    lengths = [(window.most, window.length.total_seconds()) for window in windows]
    calls: list[float] = []
    now = 0.0
    for _ in range(40):
        now += chance.choice([0, 0, 1, 3, 12])
        for slot in taken(store, windows, chance.randint(1, 7), now=now, patience=chance.choice([0, 8, 1000])):
            in_time = [sum(slot - length < call for call in calls) < most for most, length in lengths]
            earlier = slot - 0.5
            too_many = [sum(earlier - length < call for call in calls) >= most for most, length in lengths]
            assert all(in_time)
            assert slot == now or any(too_many)
            calls.append(slot)
    assert len(calls) > 20


def test_turns_older_than_every_window_are_forgotten(store: SqlStore) -> None:
    minute = [Window(100, 60 * SECOND)]
    for now in range(0, 600, 30):
        taken(store, minute, 5, now=now)
    with store.changes() as (tx, _):
        assert tx.scalar(sa.select(sa.func.count()).select_from(turns_table)) == 15


def test_a_pause_is_for_all_processes_and_a_shorter_one_does_not_end_it(store: SqlStore) -> None:
    minute = [Window(100, 60 * SECOND)]
    store.rate_limit_log.pause("snov", NOON + 30 * SECOND)
    store.rate_limit_log.pause("snov", NOON + 5 * SECOND)
    assert taken(store, minute, 2, now=0) == [30, 30]
    assert taken(store, [], 1, now=0) == [30]
    assert taken(store, minute, 1, now=0, patience=29) == []
    assert store.rate_limit_log.take_slots("apollo", minute, [FOR_EVER], at(0)) == [ScheduledCall(NOON, taken=True)]
    store.provider_health.record_answer("snov")
    assert taken(store, minute, 1, now=0) == [30]
    assert taken(store, minute, 1, now=40) == [40]


# In one process


def limiter_of(store: Any, provider: str, limits: RateLimits, *, time_scale: float = 1) -> SharedLimiter:
    return SharedLimiter(
        store.rate_limit_log, provider, limits, time_scale=time_scale, read_time=virtual_time.read_time()
    )


class Counted:
    """A store whose rate limit log counts how often it is asked for slots."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.asked = store, 0

    @property
    def rate_limit_log(self) -> "Counted":
        return self

    def take_slots(self, *asked: Any) -> list[ScheduledCall]:
        self.asked += 1
        return self.store.rate_limit_log.take_slots(*asked)


def test_callers_that_come_at_the_same_time_share_a_transaction(store: SqlStore) -> None:
    counted = Counted(store)

    async def come() -> None:
        limiter = limiter_of(counted, "snov", RateLimits(per_minute=100))
        await asyncio.gather(*(limiter.slot(patience=1) for _ in range(50)))

    virtual_time.run(come())
    assert counted.asked <= 2
    with store.changes() as (tx, _):
        assert tx.scalar(sa.select(sa.func.count()).select_from(turns_table)) == 50


def test_a_cancelled_caller_takes_no_other_slot_away(store: SqlStore) -> None:
    async def come() -> list[Any]:
        limiter = limiter_of(store, "snov", RateLimits(per_minute=100))
        callers = [asyncio.create_task(limiter.slot(patience=1)) for _ in range(5)]
        await asyncio.sleep(0)
        callers[0].cancel()
        return await asyncio.gather(*callers, return_exceptions=True)

    left, *others = virtual_time.run(come())
    assert isinstance(left, asyncio.CancelledError)
    assert [slot.has_expired for slot in others] == [False] * 4


def test_a_hundred_and_forty_that_come_at_once_all_get_a_slot_in_as_many_minutes_as_it_takes(store: SqlStore) -> None:
    async def come() -> list[float]:
        limiter = limiter_of(store, "snov", RateLimits(per_minute=60))

        async def called() -> float:
            await limiter.slot(patience=1000)
            return asyncio.get_running_loop().time()

        return await asyncio.gather(*(called() for _ in range(140)))

    calls = virtual_time.run(come())
    assert sorted(Counter(round(call) for call in calls).items()) == [(0, 60), (61, 60), (122, 20)]


def test_a_caller_that_would_wait_too_long_learns_it_at_once(store: SqlStore) -> None:
    async def come() -> NoSlot:
        limiter = limiter_of(store, "serpapi", RateLimits(per_hour=2))
        await limiter.slot(patience=0)
        await limiter.slot(patience=0)
        with pytest.raises(NoSlot) as raised:
            await limiter.slot(patience=60)
        return raised.value

    assert virtual_time.run(come()).seconds == 3600 + 1  # a slot is valid for a second


def test_a_slot_that_comes_later_is_given_up_for_a_pause_that_came_meanwhile(store: SqlStore) -> None:
    async def come() -> None:
        limiter = limiter_of(store, "snov", RateLimits(per_minute=1), time_scale=200)
        await limiter.slot(patience=0)
        late = asyncio.create_task(limiter.slot(patience=5))
        await asyncio.sleep(0.05)
        await limiter.pause(3000)
        with pytest.raises(NoSlot):
            await late

    virtual_time.run(come())


def test_a_vendor_pauses_us_for_a_moment_or_as_long_as_it_asks_for_but_not_for_days(store: SqlStore) -> None:
    async def paused(seconds: float | None, time_scale: float = 1) -> float:
        await limiter_of(store, "snov", RateLimits(), time_scale=time_scale).pause(seconds)
        return (store.rate_limit_log.paused_until("snov") - NOON).total_seconds()

    assert virtual_time.run(paused(None)) == 1
    assert virtual_time.run(paused(600, time_scale=10)) == 60
    assert virtual_time.run(paused(600)) == 600
    assert virtual_time.run(paused(10**6)) == LONGEST_PAUSE


# Over processes and sockets

KEY = "one-account"
MINUTE = 62 * SECOND  # and a little: a slot is valid for a second


@pytest.fixture
def clock() -> ManualClock:
    """The vendors'."""
    return ManualClock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: ManualClock) -> Iterator[str]:
    with served(create_app(tmp_path / "vendors", read_time=clock.seconds)) as url:
        yield url


def counted_by(sandbox: str, vendor: str) -> dict[str, Any]:
    of_key: dict[str, Any] = httpx.get(f"{sandbox}/_sandbox/limits", timeout=PATIENCE_SECONDS).json()[vendor][KEY]
    return of_key


def client_of(sandbox: str, store: SqlStore, provider: str, at: datetime = NOON) -> Any:
    """A client whose clock shows `at`, and which waits for a slot no longer than half a minute."""
    kind, rules = PROVIDERS[provider], RULES.providers[provider].model_copy(update={"timeout_seconds": 30})
    limiter = SharedLimiter(store.rate_limit_log, provider, rules.rate_limits, read_time=at.timestamp)
    keys = dict.fromkeys(credential_names(provider), KEY)
    return kind(rules, keys, base_url=f"{sandbox}/{provider}", limiter=limiter)


def check_often(store_url: str, sandbox: str, times: int, together: Any, checked: Any) -> None:
    """One process's checks of the account, all at once, as soon as all processes are there; a minute later once more.

    Puts how many were answered, each time; the others had to wait.
    """

    async def check(at: datetime) -> int:
        async with client_of(sandbox, store, "snov", at) as client:
            statuses = await asyncio.gather(*(client.check() for _ in range(times)))
        assert {status.problem for status in statuses} <= {None, "throttled"}
        return sum(status.ok is True for status in statuses)

    store = open_store(store_url, world="sandbox", create=False)
    for at in (NOON, NOON + MINUTE):
        together.wait(PATIENCE_SECONDS)
        checked.put(asyncio.run(check(at)))
    store.close()


def test_four_processes_together_never_exceed_snovs_sixty_a_minute(
    store: SqlStore, store_url: str, sandbox: str, clock: ManualClock
) -> None:
    together, checked = FORKSERVER.Barrier(5), FORKSERVER.Queue()
    arguments = (store_url, sandbox, 35, together, checked)
    processes = [FORKSERVER.Process(target=check_often, args=arguments, daemon=True) for _ in range(4)]
    for process in processes:
        process.start()
    allowed, answered = RULES.providers["snov"].rate_limits.per_minute or 0, 0
    for _ in range(2):
        together.wait(PATIENCE_SECONDS)
        in_this_minute = sum(checked.get(timeout=PATIENCE_SECONDS) for _ in processes)
        assert allowed - len(processes) <= in_this_minute < allowed  # each that came in time asked for a token too
        answered += in_this_minute
        counted = counted_by(sandbox, "snov")
        assert (counted["calls"], counted["refused"]) == (answered, 0)
        clock.at += MINUTE
    for process in processes:
        process.join(PATIENCE_SECONDS)
    [minute] = counted["windows"]
    assert 30 < minute["largest"] <= minute["most"] == 60


def ask_once(store_url: str, sandbox: str) -> ProviderError | None:
    async def ask() -> ProviderError | None:
        async with client_of(sandbox, store, "google_kg") as client:
            try:
                await client.ask(question("google_knowledge_graph"), keep_handle=forget, before_send=go_ahead)
            except ProviderError as error:
                return error
        return None

    store = open_store(store_url, world="sandbox", create=False)
    try:
        return asyncio.run(ask())
    finally:
        store.close()


def asked_elsewhere(store_url: str, sandbox: str, answers: Any) -> None:
    answers.put(str(ask_once(store_url, sandbox)))


def test_a_retry_after_that_one_process_received_another_obeys(store: SqlStore, store_url: str, sandbox: str) -> None:
    fault = {"vendor": "google_kg", "fault": "http_429_with_retry_after", "seconds": 7200}
    httpx.post(f"{sandbox}/_sandbox/faults", json=fault, timeout=PATIENCE_SECONDS).raise_for_status()
    raised = ask_once(store_url, sandbox)
    assert isinstance(raised, Throttled)
    assert raised.retry_after == 7200
    answers = FORKSERVER.Queue()
    other = FORKSERVER.Process(target=asked_elsewhere, args=(store_url, sandbox, answers))
    other.start()
    assert "google_kg was not asked" in answers.get(timeout=PATIENCE_SECONDS)
    other.join(timeout=PATIENCE_SECONDS)
    assert counted_by(sandbox, "google_kg")["calls"] == 1
