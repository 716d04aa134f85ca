"""What a hit of layer 1 costs, by part: microseconds of CPU, called in this process, without sockets.

    python -m bench.service.hit_cost [--hits 3000]          half a minute

Beside it the bare route, called the same way; a server and its sockets cost both of them the same on top.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.types import ASGIApp, Message

from bench.service.bare_route import bare_route
from bench.service.processes import address_in
from enrichment.domain.ids import new_id
from resources.clock import utc_now
from resources.secrets.client_keys import issue
from resources.settings import load_settings
from resources.store import SqlStore
from resources.wiring import open_store_of
from service.answers.enrichments import FromMemory, from_memory
from service.app import create_service
from service.http.access import caller_of_secret
from service.http.bodies import AskBody, EnrichBody
from service.installation.state import ServiceState
from service.memory_hits import MemoryHits
from service.observability.logs import log, to_stderr

_COMPANY = "tesla.com"
_AT_ONCE = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hits", type=int, default=3_000)
    hits: int = parser.parse_args().hits
    with tempfile.TemporaryDirectory() as home, Path(home, "log").open("wb") as to:
        os.environ["ENRICH_HOME"] = home
        words = [sys.executable, "-m", "enrich_cli.main", "sandbox", "--time-scale", "1000"]
        sandbox = subprocess.Popen(words, stdout=to, stderr=to)  # noqa: S603
        try:
            address_in(Path(home, "log"))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_measured(hits))
        finally:
            sandbox.terminate()
            sandbox.wait()


async def _measured(hits: int) -> None:
    settings = load_settings(sandbox=True)
    store = open_store_of(settings)
    secret = issue(store, "bench", may=("enrich",), per_day=None, per_minute=None, now=utc_now()).secret
    to_stderr()
    app = create_service(settings)
    file = settings.store_url.removeprefix("sqlite:///")
    async with app.router.lifespan_context(app):
        await _called(app, "/v1/enrichments", secret, wait=True)
        whole = await _each(hits, lambda: _called(app, "/v1/enrichments", secret), at_once=_AT_ONCE)
        with bare_route(file) as bare:
            beside = await _each(hits, lambda: _called(bare, "/", secret), at_once=_AT_ONCE)
        print(f"a hit {whole:.0f}, the bare route {beside:.0f}; of the hit:")
        await _parts(app, store, secret, hits)
    store.close()


async def _parts(app: FastAPI, store: SqlStore, secret: str, hits: int) -> None:
    state: ServiceState = app.state.service
    caller, body = await caller_of_secret(secret, state), TypeAdapter[Any](EnrichBody)
    content = json.dumps({"company": _COMPANY})
    ask = AskBody(company=_COMPANY).ask(caller)

    async def found() -> FromMemory:
        known = await from_memory(ask, new_id("req"), caller, state)
        assert isinstance(known, FromMemory)
        return known

    one, writer = await found(), MemoryHits(app)

    async def understood() -> None:
        body.validate_python(json.loads(content)).ask(caller)

    async def written_as_json() -> None:
        writer.document_of(one.done.profile)
        one.view(with_document=False).model_dump_json(by_alias=True)

    async def noted() -> None:
        state.metrics.calls.labels("POST", "/", 200).inc()
        log.info("call", call_id="", key="bench", method="POST", route="/", status=200, milliseconds=1.0)

    async def booked() -> None:
        store.accepted_requests.serve_many([(await found()).served for _ in range(_AT_ONCE)])

    memory = await _each(hits, found)
    print(f"  its key                        {await _each(hits, lambda: caller_of_secret(secret, state)):6.0f}")
    print(f"  its body                       {await _each(hits, understood):6.0f}")
    print(f"  company, profile, verdicts     {memory:6.0f}")
    print(f"  its answer as JSON             {await _each(hits, written_as_json):6.0f}")
    print(f"  metrics and log                {await _each(hits, noted):6.0f}")
    rows = await _each(hits // _AT_ONCE, booked) / _AT_ONCE - memory
    print(f"  its rows, {_AT_ONCE} hits at a time    {rows:6.0f}   in another thread")


async def _each(times: int, call: Callable[[], Awaitable[Any]], *, at_once: int = 1) -> float:
    """CPU of all threads for one call, in microseconds."""
    await call()
    began, each = time.process_time(), times // at_once

    async def some() -> None:
        for _ in range(each):
            await call()

    await asyncio.gather(*(some() for _ in range(at_once)))
    return (time.process_time() - began) / (each * at_once) * 1e6


async def _called(app: ASGIApp, path: str, secret: str, *, wait: bool = False) -> None:
    body = json.dumps({"company": _COMPANY}).encode()
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(b"authorization", f"Bearer {secret}".encode()), *([(b"prefer", b"wait=60")] if wait else [])]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    statuses = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    assert statuses == [200]


if __name__ == "__main__":
    main()
