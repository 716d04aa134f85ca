"""Agents that pages have led astray: bench/agents/misled.py, three runs of its thousand."""

import asyncio
from datetime import UTC, datetime

from bench.agents.misled import CAP, Audit, play
from resources.warehouse import Warehouse
from resources.wiring import open_store_of
from service.installation.opening import opened
from tests.acceptance.conftest import Stack
from tests.support.manual_clock import NOON, running_from

RUNS = 3


def test_agents_that_obey_pages_stay_within_their_cap_and_buy_nothing_without_its_quote(stack: Stack) -> None:
    Warehouse(stack.settings.warehouse_path).build(stack.store)

    seconds = running_from(NOON)  # limits a minute need time that passes

    async def played() -> Audit:
        async with opened(stack.settings, lambda: datetime.fromtimestamp(seconds(), UTC), open_store_of) as state:
            return await play(state, RUNS, seed=7, steps=8)

    audit = asyncio.run(played())
    assert audit.faults == []
    assert audit.runs == RUNS
    assert audit.bought > 0
    assert audit.refused > 0
    assert 0 < audit.spent <= CAP
