"""Calls in threads beside an event loop: what they return, raise and leave behind."""

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

import pytest

from resources.store_threads import StoreThreads
from tests.support.eventually import PATIENCE_SECONDS

_Result = TypeVar("_Result")


def run(work: Coroutine[Any, Any, _Result], threads: int = 2) -> _Result:
    async def main() -> _Result:
        asyncio.get_running_loop().set_default_executor(StoreThreads(threads))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await work

    return asyncio.run(main())


def test_each_call_gets_its_own_result_however_many_there_are() -> None:
    async def asked() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(pow, number, 2) for number in range(200)))

    assert run(asked()) == [number**2 for number in range(200)]


def test_what_a_call_raises_is_raised_where_it_is_awaited_and_the_next_one_is_carried_out() -> None:
    async def asked() -> str:
        with pytest.raises(ValueError, match="invalid literal"):
            await asyncio.to_thread(int, "x")
        return await asyncio.to_thread("y".upper)

    assert run(asked(), threads=1) == "Y"


def test_calls_are_carried_out_side_by_side_in_as_many_threads_as_there_may_be() -> None:
    met = threading.Barrier(3)
    names = set[str]()

    def meets() -> None:
        met.wait(PATIENCE_SECONDS)
        names.add(str(threading.get_ident()))

    async def asked() -> None:
        await asyncio.gather(*(asyncio.to_thread(meets) for _ in range(30)))

    run(asked(), threads=3)
    assert len(names) == 3


def test_a_call_that_is_cancelled_before_it_begins_is_not_carried_out() -> None:
    may_end, done = threading.Event(), list[str]()

    async def asked() -> None:
        begun, loop = asyncio.Event(), asyncio.get_running_loop()

        def first() -> None:
            loop.call_soon_threadsafe(begun.set)
            may_end.wait(PATIENCE_SECONDS)

        running = asyncio.create_task(asyncio.to_thread(first))
        waiting = asyncio.create_task(asyncio.to_thread(done.append, "waiting"))
        await begun.wait()
        waiting.cancel()
        may_end.set()
        await asyncio.wait({running, waiting})
        await asyncio.to_thread(done.append, "next")

    run(asked(), threads=1)
    assert done == ["next"]


def test_a_call_sees_the_context_of_its_task() -> None:
    who = ContextVar[str]("who")

    async def asked() -> str:
        who.set("me")
        return await asyncio.to_thread(who.get)

    assert run(asked()) == "me"


def test_the_threads_end_with_the_loop() -> None:
    seen = list[threading.Thread]()

    async def asked() -> None:
        seen.append(await asyncio.to_thread(threading.current_thread))

    run(asked())
    assert [thread.is_alive() for thread in seen] == [False]
