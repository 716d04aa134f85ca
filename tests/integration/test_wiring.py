"""What a process gets in which requests run: the command line, the service and runs of Dagster alike."""

import asyncio
import gc
from pathlib import Path

from pydantic import SecretStr

from resources.settings import Settings
from resources.wiring import open_context
from tests.support.examples import MATRIX


def test_a_process_that_carries_out_requests_rarely_looks_for_garbage(tmp_path: Path) -> None:
    settings = Settings(enrich_home=tmp_path, all_variables={"google_kg_api_key": SecretStr("never sent")})

    async def objects_between_searches() -> int:
        async with open_context(settings, MATRIX):
            return gc.get_threshold()[0]

    before = gc.get_threshold()
    gc.set_threshold(700)
    try:
        assert asyncio.run(objects_between_searches()) >= 100_000
    finally:
        gc.set_threshold(*before)
