"""The same HTTP calls with nothing around them: sent, and the bodies parsed. What any program at least has to do.

python -m bench.batch.bare_script CALLS --transport httpx|aiohttp --at-once N     -> {"calls", "seconds", "cpu"}
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bench.batch.recorded_calls import SentCall, recorded_calls


def main() -> None:
    options = _options()
    calls = recorded_calls(options.calls)
    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_make(calls, options.transport, options.at_once))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    json.dump({"calls": len(calls), "seconds": seconds, "cpu": cpu}, sys.stdout)


async def _make(calls: Sequence[SentCall], transport: str, at_once: int) -> None:
    limits = httpx.Limits(max_connections=at_once)
    session = partial(aiohttp.ClientSession, connector=aiohttp.TCPConnector(limit=at_once))
    carrier = None if transport == "httpx" else AiohttpTransport(client=session)
    async with httpx.AsyncClient(transport=carrier, limits=limits, timeout=60, trust_env=False) as client:
        left = iter(calls)

        async def some() -> None:
            for call in left:
                _parsed(await _answer(client, call))

        await asyncio.gather(*(some() for _ in range(at_once)))


async def _answer(client: httpx.AsyncClient, call: SentCall) -> httpx.Response:
    """Sent again where the server had just closed the idle connection."""
    while True:
        with suppress(httpx.ReadError, httpx.RemoteProtocolError, httpx.ConnectTimeout):
            return await client.request(call.method, call.url, headers=call.headers, content=call.body or None)


def _parsed(response: httpx.Response) -> object:
    if "json" in response.headers.get("content-type", ""):
        return json.loads(response.content)
    return response.text


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.batch.bare_script")
    parser.add_argument("calls", type=Path)
    parser.add_argument("--transport", choices=["httpx", "aiohttp"], required=True)
    parser.add_argument("--at-once", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
