"""What the service looks after once a second goes on, whatever one of it raises."""

import asyncio
import logging

import pytest

from enrichment.ports import StoreError
from service.installation.opening import keep_looking


def test_a_look_that_raises_keeps_no_other_one_from_going_on_and_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []

    async def story() -> None:
        enough = asyncio.Event()

        async def broken() -> None:
            seen.append("broken")
            raise ValueError("a fault of ours")

        async def refused() -> None:
            raise StoreError("the store is locked")

        async def last() -> None:
            seen.append("last")
            if seen.count("last") == 2:
                enough.set()

        looking = asyncio.create_task(keep_looking((broken, refused, last), seconds=0.0))
        await enough.wait()
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking

    with caplog.at_level(logging.WARNING, logger="enrich.service"):
        asyncio.run(story())
    assert seen[:4] == ["broken", "last", "broken", "last"]
    assert [record.levelname for record in caplog.records][:2] == ["ERROR", "WARNING"]
