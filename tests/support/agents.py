"""Agents as tests play them: the SDK's own client, over HTTP or over stdio, and the person who answers for it.

async with agent(url, secret, person) as client: await call(client, "quote", company="tesla.com")
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitResult, TextContent

from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY

_COMMAND = "from enrich_cli.main import main; main()"


@dataclass
class AnsweringPerson:
    """Answers every question alike. asked: the questions. content: what is sent instead of an answer by `approves`."""

    approves: bool = True
    asked: list[str] = field(default_factory=list)
    content: dict[str, Any] | Literal["by approves"] | None = "by approves"

    async def answer(
        self,
        context: ClientRequestContext,  # noqa: ARG002  the SDK passes it by this name
        params: ElicitRequestParams,
    ) -> ElicitResult:
        self.asked.append(params.message)
        given = {"approve": self.approves} if self.content == "by approves" else self.content
        return ElicitResult(action="accept", content=given)


@asynccontextmanager
async def agent(
    url: str, secret: str | None, person: AnsweringPerson | None = None, *, mode: str = "auto"
) -> AsyncIterator[Client]:
    """Over HTTP. person: None: the agent's program cannot ask anybody."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    async with httpx2.AsyncClient(
        headers=headers, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY
    ) as http:
        answers = None if person is None else person.answer
        over = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(over, mode=mode, elicitation_callback=answers) as client:
            yield client


@asynccontextmanager
async def agent_over_stdio(
    *words: str, person: AnsweringPerson | None = None, **environment: str
) -> AsyncIterator[Client]:
    """`enrich mcp WORDS` as an agent's program starts it."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "PATH") if name in os.environ}
    server = StdioServerParameters(
        command=sys.executable, args=["-c", _COMMAND, "mcp", *words], env={**kept, **environment}
    )
    async with Client(server, elicitation_callback=None if person is None else person.answer) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What the tool answers with."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """What the model gets where the tool fails."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    return " ".join(part.text for part in result.content if isinstance(part, TextContent))
