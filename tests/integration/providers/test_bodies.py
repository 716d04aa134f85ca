"""Untrusted bodies, over real sockets: endless, packed, mislabelled, of another server; and redirects.

Each is answered to a vendor's client and to the language model's.
"""

import asyncio
import json
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from enrichment.analysis.answer_schemas import Growth
from enrichment.ports import ModelAnswer, ProviderError, ProviderUnavailable, SourceAnswer, UnexpectedReply
from resources.providers import PROVIDERS
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limiter import Unlimited
from tests.support.raw_server import Handler, listening, sends, the_request
from tests.support.recorded_provider import KEY, RULES, forget, go_ahead, question, sample

MEGABYTE = 1024 * 1024
VENDOR, MODEL = "google_kg", "openai"
COMPLETION = sample("openai/chat_completion.minimal_accepted.json")
COMPLETION["choices"][0]["message"]["content"] = '{"growth_signals": [], "business_challenges": []}'
GOOD = {VENDOR: {"itemListElement": [{"result": {"name": "Acme"}}]}, MODEL: COMPLETION}
OWED = {VENDOR: {"search": 1}, MODEL: {}}
AskResult = SourceAnswer | ModelAnswer | ProviderError


async def ask_vendor(url: str) -> AskResult:
    kind, rules = PROVIDERS[VENDOR], RULES.providers[VENDOR]
    async with kind(rules, {"api_key": KEY}, base_url=url, time_scale=1000, limiter=Unlimited()) as client:
        return await client.ask(question("google_knowledge_graph"), keep_handle=forget, before_send=go_ahead)


async def ask_model(url: str) -> AskResult:
    model = OpenAIModel(RULES.providers[MODEL], {"api_key": KEY}, base_url=f"{url}/v1", limiter=Unlimited())
    try:
        return await model.answer(
            Growth.model_json_schema(),
            model="m",
            instructions="i",
            evidence="e",
            max_output_tokens=9,
            before_send=go_ahead,
        )
    finally:
        await model.aclose()


ASK: dict[str, Callable[[str], Awaitable[AskResult]]] = {VENDOR: ask_vendor, MODEL: ask_model}


def asked(provider: str, handler: Handler) -> AskResult:
    async def ask() -> AskResult:
        async with listening(handler) as url:
            try:
                return await ASK[provider](url)
            except ProviderError as error:
                return error

    return asyncio.run(ask())


def head(status: int = 200, content_type: str = "application/json", **headers: object) -> str:
    more = "".join(f"\r\n{name.replace('_', '-')}: {value}" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\nconnection: close\r\ncontent-type: {content_type}{more}"


def owes(provider: str, error: AskResult) -> bool:
    """What an unreadable 200 costs: a vendor's search is billed, the model may bill what it wrote."""
    assert isinstance(error, ProviderError)
    return (error.billed, error.uncertain) == (OWED[provider], provider == MODEL)


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("status", [200, 400])
def test_an_endless_body_is_cut_off_and_not_read_into_memory(provider: str, status: int) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await the_request(reader)
        writer.write(head(status).encode() + b"\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65536)
            sent += 65536
            await writer.drain()

    error = asked(provider, flood)
    assert type(error) is UnexpectedReply
    assert sent < 40 * MEGABYTE
    assert owes(provider, error) if status == 200 else (error.billed, error.uncertain) == ({}, False)


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("status", [200, 400])
def test_a_small_body_that_unpacks_to_a_huge_one_is_cut_off_too(provider: str, status: int) -> None:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(300)) + packer.flush()
    assert len(packed) < MEGABYTE
    bomb = sends(head(status, content_encoding="gzip", content_length=len(packed)), packed)
    tracemalloc.start()
    try:
        error = asked(provider, bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(error) is UnexpectedReply
    assert most < 100 * MEGABYTE


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("content_type", ["image/png", "text/html; charset=utf-16", "text/plain; charset=none", ""])
def test_a_good_answer_under_a_wrong_name_is_an_answer(provider: str, content_type: str) -> None:
    body = json.dumps(GOOD[provider]).encode()
    got = asked(provider, sends(head(content_type=content_type, content_length=len(body)), body))
    assert isinstance(got, SourceAnswer | ModelAnswer), got


PAGES: list[tuple[str, bytes]] = [
    ("text/html", b"<!doctype html><h1>Please sign in</h1>"),
    ("application/json", b"<!doctype html><h1>Please sign in</h1>"),
    ("application/json", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe"),
    ("application/json; charset=none", b"\xff\xfe{"),
    ("text/event-stream", b"data: {}\n\n"),
]


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize(("content_type", "body"), PAGES)
def test_something_else_under_a_good_status_is_no_answer_and_is_owed(
    provider: str, content_type: str, body: bytes
) -> None:
    error = asked(provider, sends(head(content_type=content_type, content_length=len(body)), body))
    assert type(error) is UnexpectedReply
    assert owes(provider, error)


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("promised", [{"content_length": 100_000}, {"transfer_encoding": "chunked"}])
def test_a_body_that_breaks_off_is_no_answer_and_is_owed(provider: str, promised: dict[str, Any]) -> None:
    body = json.dumps(GOOD[provider]).encode()
    begun = body if "content_length" in promised else b"%x\r\n%s" % (len(body) + 9, body)
    error = asked(provider, sends(head(**promised), begun))
    assert type(error) is ProviderUnavailable
    assert owes(provider, error)


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_cannot_be_unpacked_is_no_answer_and_is_owed(provider: str, encoding: str) -> None:
    body = json.dumps(GOOD[provider]).encode()
    error = asked(provider, sends(head(content_encoding=encoding, content_length=len(body)), body))
    assert type(error) is ProviderUnavailable
    assert owes(provider, error)


@pytest.mark.parametrize("provider", ASK)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_address_is_not_followed(provider: str, status: int) -> None:
    visits = 0

    async def private(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        body = json.dumps(GOOD[provider]).encode()
        writer.write(head(content_length=len(body)).encode() + b"\r\n\r\n" + body)

    async def ask() -> AskResult:
        async with listening(private) as inside:
            moved = sends(head(status, location=f"{inside}/v1/chat/completions", content_length=0))
            async with listening(moved) as url:
                try:
                    return await ASK[provider](url)
                except ProviderError as error:
                    return error

    error = asyncio.run(ask())
    assert type(error) is UnexpectedReply
    assert (visits, error.billed, error.uncertain) == (0, {}, False)
