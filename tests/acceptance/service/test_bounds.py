"""Oversized, slow, half and malformed calls: each is refused with a problem, and the service goes on."""

import asyncio
import json
import socket

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from service.app import create_service
from service.http.bounds import MOST_BYTES, Bounded
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def sent(client: httpx.Client, *pieces: bytes) -> bytes:
    """What the service answers to these bytes, until it closes the connection or ours is closed for writing."""
    with socket.create_connection(
        (client.base_url.host, client.base_url.port or 80), timeout=PATIENCE_SECONDS
    ) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(client: httpx.Client) -> None:
    stated = client.post("/v1/quotes", content=b" " * (MOST_BYTES + 1), headers={"Content-Type": "application/json"})
    pieces = client.post(
        "/v1/quotes",
        content=(b" " * 100_000 for _ in range(MOST_BYTES // 100_000 + 1)),
        headers={"Content-Type": "application/json"},
    )
    for answer in (stated, pieces):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "piece",
    [
        b"POST /v1/quotes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
        b"POST /v1/quotes HTTP/1.1\r\nHost: loc",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /v1/companies/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_half_and_malformed_calls_end_nothing_but_themselves(client: httpx.Client, piece: bytes) -> None:
    answer = sent(client, piece)
    assert answer == b"" or 400 <= status_of(answer) < 500
    assert answer == b"" or b"application/problem+json" in answer
    assert client.get("/healthz").json() == {"status": "ok"}


def test_bytes_that_are_no_http_are_a_problem_with_one_sentence(client: httpx.Client) -> None:
    head, _, body = sent(client, b"\x00\x01\x02\r\n\r\n").partition(b"\r\n\r\n")
    assert status_of(head) == 400
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "not_http"


TAKING_A_BODY = {
    "/v1/quotes": "application/json",
    "/v1/batches/upload?max_cost_usd=1": "text/csv",
    "/mcp": "application/json",
    "/sign-in": "application/x-www-form-urlencoded",
}


def test_half_a_body_holds_up_no_stop_and_is_answered_with_a_problem(stack: Stack) -> None:
    with served(create_service(stack.settings, now=stack.clock.now)) as url:
        here, halves = ("127.0.0.1", int(url.rpartition(":")[2])), []
        for path, kind in TAKING_A_BODY.items():
            half = socket.create_connection(here, timeout=PATIENCE_SECONDS)
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 99\r\n\r\n"
            half.sendall(head.encode() + b"{")
            halves.append(half)
        alive = httpx.get(f"{url}/healthz", trust_env=False, verify=NO_AUTHORITY, timeout=PATIENCE_SECONDS)
        assert alive.status_code == 200  # so the halves have arrived too
    for half in halves:
        with half:
            answer = b"".join(iter(lambda: half.recv(65_536), b""))  # noqa: B023
        answered, _, body = answer.partition(b"\r\n\r\n")
        assert b"content-type: application/problem+json" in answered
        assert (status_of(answered), json.loads(body)["code"]) == (503, "stopping")


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    seen: list[int] = []

    async def reads(_scope: Scope, receive: Receive, _send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception as error:  # noqa: BLE001  its status is looked at
            seen.append(getattr(error, "status_code", 0))

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def nothing(_message: Message) -> None: ...

    asyncio.run(Bounded(reads, seconds=0.0)({"type": "http", "headers": []}, never, nothing))
    assert seen == [408]


def test_a_head_that_does_not_arrive_is_not_waited_for() -> None:
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
    with (
        served(FastAPI(), head_seconds=0.05) as url,
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=PATIENCE_SECONDS) as connection,
    ):
        connection.sendall(head + b"\r\n" + head)
        answered = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answered.count(b"HTTP/1.1 ") == 1
    assert status_of(answered) == 404


def test_a_client_that_goes_away_takes_nothing_with_it(client: httpx.Client, stack: Stack) -> None:
    stack.fault("brightdata", "latency", seconds=0.3, times=20)
    body = json.dumps({"company": "tesla.com"}).encode()
    head = (
        b"POST /v1/enrichments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nPrefer: wait=60\r\n"
        b"Idempotency-Key: gone\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    )
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        connection.sendall(head + body)
    again = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    assert again.json()["state"] == "complete"
    assert stack.invoice() == {"brightdata": {"company_record": 1}}
