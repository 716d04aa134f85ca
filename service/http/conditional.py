"""Answers that are asked for again: an ETag of what would be sent, 304 where the client has it already."""

from hashlib import sha256
from typing import Annotated

from fastapi import Header, Response

from service.views.view import View

IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", max_length=4_000, description="The ETag of the answer you have")
]


def unless_known(view: View, known: str | None) -> Response:
    """The view as JSON with its ETag, or 304. known: If-None-Match."""
    body = view.model_dump_json().encode()
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _is_known(tag, known):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _is_known(tag: str, given: str | None) -> bool:
    known = {one.strip().removeprefix("W/") for one in (given or "").split(",")}
    return tag in known or "*" in known
