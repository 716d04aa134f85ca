"""Sessions over a running service: opened, asked, and read to the end of each question."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.support.examples import FROZEN

SHIPPED = Path(__file__).parents[2] / "config"
PERSONA = {"name": "Ann", "role": "Account executive", "company": "Snowflake", "sells": "a data platform in the cloud"}
_RESEARCH = ("research.yaml", "prompts/research_breakdown.md", "prompts/research_answer.md")


def with_research(folder: Path) -> Path:
    """The rules that tests work by, and those of research that ship."""
    shutil.copytree(FROZEN, folder)
    for name in _RESEARCH:
        shutil.copy(SHIPPED / name, folder / name)
    return folder


def opened(client: httpx.Client, question: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"persona": PERSONA, **more} | ({} if question is None else {"question": question})
    answer = client.post("/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def asked(client: httpx.Client, session_id: str, question: str, **more: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/sessions/{session_id}/questions", json={"question": question, **more})
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


def frames(client: httpx.Client, session_id: str, *, after: str | None = None, follow: bool = True) -> Iterator[Any]:
    """(id, event, data) of each frame, as they come."""
    headers = {} if after is None else {"Last-Event-ID": after}
    path = f"/v1/sessions/{session_id}/events" + ("" if follow else "?follow=false")
    now = dict[str, str]()
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line == "" and "event" in now:
                yield now.get("id", ""), now["event"], json.loads(now["data"])
            now = {} if line == "" else {**now, name: value}


def until(client: httpx.Client, session_id: str, kind: str, *, after: str | None = None) -> list[Any]:
    """All frames up to the first of this kind."""
    seen = []
    for frame in frames(client, session_id, after=after):
        seen.append(frame)
        if frame[1] == kind:
            return seen
    raise AssertionError(f"the stream ended without {kind}: {[one[1] for one in seen]}")


def answered(client: httpx.Client, question: str, **more: Any) -> dict[str, Any]:
    """A session with one question: the data of its research_complete."""
    session = opened(client, question, **more)
    data: dict[str, Any] = until(client, session["id"], "research_complete")[-1][2]["data"]
    return data
