"""What the wire does to a good reply: broken JSON, half a body, megabytes of it. The vendor has charged for it."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

OVERSIZE = 12 * 1024 * 1024


class _CutOff(Response):
    """Promises the whole body and delivers half: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: len(self.body) // 2]})


def damaged(response: Response, kind: str) -> Response:
    """`kind`: malformed (a complete reply, broken JSON), truncated, oversized (12 MiB of blanks before the body)."""
    body = bytes(response.body)
    if kind == "malformed":
        return _again(Response, response, body[: len(body) // 2] + b'"}, <sandbox: malformed>')
    if kind == "truncated":
        return _again(_CutOff, response, body or b"sandbox")
    return _again(Response, response, b" " * OVERSIZE + body)


def _again(form: type[Response], response: Response, body: bytes) -> Response:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return form(body, response.status_code, headers)
