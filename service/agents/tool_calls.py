"""What every call of a tool has: what its server shares, the key it came with, errors in words for the model.

call -> caller_of(call, right) -> Caller, AgentContext        answering(tool): our errors as code and sentence
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from enrichment.domain.access import Right
from enrichment.parsing.stated_values import NotAValue
from service.agents.consent import Consents
from service.http.access import Caller
from service.installation.state import ServiceState
from service.problems import problem_of

_P = ParamSpec("_P")
_R = TypeVar("_R")


CompanyKey = Annotated[
    str, Field(min_length=1, max_length=300, description="`key` of find_company: tesla.com", examples=["tesla.com"])
]
CompanyText = Annotated[str, Field(min_length=1, max_length=300, description="A name, domain or address")]
Word = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What all calls of one server share. caller: of a call; Raises ToolError where its key is no longer valid."""

    state: ServiceState
    consents: Consents
    caller: Callable[[Any], Caller]


def caller_of(ctx: Context[AgentContext, Any], right: Right) -> tuple[Caller, AgentContext]:
    """Raises ToolError."""
    shared = ctx.request_context.lifespan_context
    caller = shared.caller(ctx.request_context.request)
    if not caller.allows(right):
        raise ToolError(f"not_allowed: Key {caller.name} has no right to {right}: ask the person for one that has it.")
    return caller, shared


def answering(tool: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """Errors that are ours reach the model as code and sentence; others as a fault, without their text."""

    @functools.wraps(tool)
    async def answered(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return await tool(*args, **kwargs)
        except NotAValue as error:
            raise ToolError(f"invalid: {error}") from error
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            among = [one["key"] for one in problem.more.get("candidates", [])]
            raise ToolError(f"{problem.code}: {problem.detail}{_named(among)}") from error

    answered.__signature__ = inspect.signature(tool)  # type: ignore[attr-defined]
    return answered


def _named(keys: list[str]) -> str:
    return f" Ask the person which one is meant: {', '.join(keys)}." if keys else ""
