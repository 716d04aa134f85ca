"""Corrupted replies: broken JSON, half a body, a wrong label. The vendor has charged for them.

corrupted(response, kind) -> the response as the client receives it
"""

from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

OVERSIZE = 12 * 1024 * 1024
_PAGE = b"<!doctype html><html><head><title>Welcome</title></head><body><h1>Please sign in</h1></body></html>"


class _TruncatedResponse(Response):
    """Promises the whole body and delivers half: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with suppress(RuntimeError):  # half a body with the length of the whole: the server then closes the connection
            await send({"type": "http.response.body", "body": bytes(self.body)[: len(self.body) // 2]})


def corrupted(response: Response, kind: str) -> Response:
    """`kind`: malformed (a complete reply, broken JSON), truncated, oversized (12 MiB of blanks before the body),
    wrong_content_type (a good body called a picture), web_page (a page of a proxy instead).
    """
    body = bytes(response.body)
    if kind == "malformed":
        return _with_body(Response, response, body[: len(body) // 2] + b'"}, <sandbox: malformed>')
    if kind == "truncated":
        return _with_body(_TruncatedResponse, response, body or b"sandbox")
    if kind == "wrong_content_type":
        return _with_body(Response, response, body, content_type="image/png")
    if kind == "web_page":
        return _with_body(Response, response, _PAGE, content_type="text/html; charset=utf-8")
    return _with_body(Response, response, b" " * OVERSIZE + body)


def _with_body(form: type[Response], response: Response, body: bytes, *, content_type: str | None = None) -> Response:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    if content_type:
        headers["content-type"] = content_type
    return form(body, response.status_code, headers)
