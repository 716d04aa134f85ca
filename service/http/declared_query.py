"""A query parameter that a route does not declare is refused, and so is one that is sent twice and taken once.

`consumer=` for `consumers=` would buy for the default; with this a slip in a name is an error, as it is in a body.
"""

from collections.abc import Iterator
from typing import get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from service.http.bodies import LEAVE_IT_OUT
from service.http.calls import refuse_undeclared_key
from service.problems import ApiProblem


async def query_as_declared(request: Request) -> None:
    """A dependency of every route. Raises ApiProblem."""
    if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise ApiProblem("invalid", f"The address has the character U+0000: {LEAVE_IT_OUT}.")
    route = request.scope["route"]
    if isinstance(route, APIRoute):
        refuse_undeclared_key(request, set(_headers(route.dependant)))
    if request.scope["query_string"]:
        refuse_others(request, dict(_declared(route.dependant)) if isinstance(route, APIRoute) else {})


def refuse_others(request: Request, declared: dict[str, bool]) -> None:
    """declared: each parameter, and whether it may be sent several times. Raises ApiProblem."""
    sent = [name for name, _ in request.query_params.multi_items()]
    unknown = sorted(set(sent) - declared.keys())
    if unknown:
        known = f"it takes {', '.join(sorted(declared))}" if declared else "it takes none"
        raise ApiProblem("invalid", f"This route has no query parameter '{unknown[0][:60]}': {known}.")
    twice = next((name for name in sent if sent.count(name) > 1 and not declared[name]), None)
    if twice is not None:
        raise ApiProblem("invalid", f"The query parameter '{twice}' is sent twice: send it once.")


def _headers(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.header_params)


def _declared(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    for field in dependant.query_params:
        yield field.alias, get_origin(field.field_info.annotation) is list
    for one in dependant.dependencies:
        yield from _declared(one)
