"""The MCP server: over stdio for one caller, and over streamable HTTP at /mcp for every key.

enrich mcp -> run_stdio        POST /mcp with a key -> AgentsOverHttp -> the same tools

Each HTTP call is authenticated by itself, so a revoked key ends with its next call; a session belongs to the key that
began it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import structlog
from fastapi import Request
from fastapi.security import HTTPAuthorizationCredentials
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enrichment.domain.access import ApiKey
from resources.secrets.signing_key import signing_key
from resources.settings import Settings, SettingsError
from resources.wiring import open_store_of
from service.agents.consent import Consents
from service.agents.tool_calls import AgentContext
from service.agents.tools import tools
from service.http.access import Caller, caller_of
from service.http.bodies import LEAVE_IT_OUT, has_nul
from service.http.bounds import received_again
from service.http.declared_query import refuse_others
from service.http.error_answers import invalid, problem_response
from service.installation.opening import opened
from service.installation.state import ServiceState
from service.problems import problem_of

_NAME = "enrichment"
_INSTRUCTIONS = Path(__file__).with_name("instructions.md")
PATH = "/mcp"
_MOST_BYTES = 1_000_000
_OF_RESOLVER = "Resolver "
_NO_ANSWER = (
    "not_approved: Your program sent an approval without the answer `approve`, yes or no, so nothing was bought: "
    "ask the person again."
)
_CALLER = "enrich_caller"
"""The key of an ASGI scope under which the caller of an HTTP call is kept."""


class _AgentServer(MCPServer[AgentContext]):
    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[AgentContext, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Calls a tool as the SDK does, with one sentence where arguments are wrong. Raises ToolError."""
        tool = next((one for one in await self.list_tools() if one.name == name), None)
        if tool is not None and (unknown := sorted(arguments.keys() - tool.input_schema["properties"].keys())):
            known = ", ".join(tool.input_schema["properties"])
            raise ToolError(f"invalid: {name} has no argument '{unknown[0][:60]}': it takes {known}.")
        if has_nul(arguments):
            raise ToolError(f"invalid: A text has the character U+0000: {LEAVE_IT_OUT}.")
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            wrong = error.__cause__
            said = str(error).removeprefix(f"Error executing tool {name}: ")
            if isinstance(wrong, ValidationError):
                said = f"invalid: {invalid(wrong.errors(), at=0).detail}"
            elif said.startswith(_OF_RESOLVER):  # the SDK found the person's answer wrong
                said = _NO_ANSWER
            raise ToolError(said) from wrong


def agent_server(shared: Callable[[], AsyncIterator[AgentContext]]) -> MCPServer[AgentContext]:
    """The server with its tools. shared: a context manager that opens what all its calls share."""
    opening = asynccontextmanager(shared)
    return _AgentServer(
        _NAME,
        title="Company enrichment",
        instructions=_INSTRUCTIONS.read_text(encoding="utf-8"),
        version=metadata.version("enrichment"),
        log_level="ERROR",
        lifespan=lambda _server: opening(),
        tools=list(tools()),
    )


@dataclass(slots=True)
class AgentsOverHttp:
    """ASGI: the tools for callers with a key. It is open while its application is."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            caller = await caller_of(request, scope["app"].state.service, _credentials(request))
            refuse_others(request, {})
            body = await request.body()  # a body that does not arrive in time is refused here, as a problem
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            await problem_response(problem)(scope, receive, send)
            return
        scope[_CALLER] = caller
        owner = AccessToken(token="", client_id=caller.owner or "loopback", scopes=[])
        scope["user"] = AuthenticatedUser(owner)
        whole: Message = {"type": "http.request", "body": body, "more_body": False}
        await self.app(dict(scope), received_again(whole, receive), send)  # the inner application names itself in it


@asynccontextmanager
async def agents_over_http(state: ServiceState) -> AsyncIterator[AgentsOverHttp]:
    """The server of agents while the service is open. Raises SettingsError."""
    consents = Consents(signing_key(state.settings.home))

    async def shared() -> AsyncIterator[AgentContext]:
        yield AgentContext(state, consents, lambda request: request.scope[_CALLER])

    server = agent_server(shared)
    # A call has to carry a key, or to come from this machine by a name of it: caller_of sees to both.
    checks = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        streamable_http_path=PATH, transport_security=checks, max_request_body_size=_MOST_BYTES
    )
    async with server.session_manager.run():
        yield AgentsOverHttp(app)


def run_stdio(settings: Settings, *, key_name: str | None, now: Callable[[], datetime]) -> None:
    """Serves one agent until stdin ends.

    key_name: whose limits count; None: no key, so a person approves every purchase.
    Raises SettingsError, RulesError, StoreError.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the protocol's
    consents = Consents(signing_key(settings.home))

    async def serve() -> None:
        # opened before the SDK's task group, which would wrap what is raised in a group of its own
        async with opened(settings, now, open_store_of) as state:
            key = None if key_name is None else _valid_key(state, key_name)

            async def shared() -> AsyncIterator[AgentContext]:
                yield AgentContext(state, consents, lambda _request: _caller_now(state, key))

            await agent_server(shared).run_stdio_async()

    asyncio.run(serve())


def _valid_key(state: ServiceState, name: str) -> ApiKey:
    key = state.store.api_keys.by_name(name)
    if key is None:
        raise SettingsError(f"There is no valid key '{name}': `enrich keys list` shows those there are.")
    return key


def _caller_now(state: ServiceState, key: ApiKey | None) -> Caller:
    """The caller as its key is now. Raises ToolError if the key was revoked."""
    if key is None:
        return Caller()
    found = state.store.api_keys.by_id(key.key_id)
    if found is None or found.revoked_at is not None:
        raise ToolError(f"unknown_key: Key {key.name} was revoked: ask the person for another one.")
    return Caller(found)


def _credentials(request: Request) -> HTTPAuthorizationCredentials | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer" and bool(secret.strip())
    return HTTPAuthorizationCredentials(scheme=scheme, credentials=secret.strip()) if is_bearer else None
