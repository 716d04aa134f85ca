"""Scripts, style and icon: files of this package, sent compressed, under an address that changes when they do.

static_address("page.js") -> /static/page.js?v=3f9c0a12        style() -> page.css, which every page has within it

A first paint needs one answer only, and the scripts are one more. Nothing is fetched from anywhere else.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from service.problems import ApiProblem

router = APIRouter()
FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_JOINED = {"page.js": ("vendor/htmx.min.js", "vendor/hx-sse.min.js", "vendor/hx-csp.min.js", "page.js")}
"""Sent as one file, in this order: htmx starts on a timer, so an extension in a later file could be too late."""
_WITHIN = "page.css"
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """compressed: by gzip. version: changes with its content."""

    content: bytes
    compressed: bytes
    kind: str
    version: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Path below static/ -> file."""
    there = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob("*")) if path.suffix in _KINDS]
    apart = {_WITHIN, *(part for parts in _JOINED.values() for part in parts)}
    names = {name: (name,) for name in there if name not in apart} | _JOINED
    return {name: _file(parts) for name, parts in names.items()}


def _file(parts: tuple[str, ...]) -> StaticFile:
    content = b"\n".join((FOLDER / part).read_bytes() for part in parts)
    kind = _KINDS[Path(parts[0]).suffix]
    return StaticFile(content, gzip.compress(content, mtime=0), kind, sha256(content).hexdigest()[:12])


@cache
def style() -> Markup:
    return Markup((FOLDER / _WITHIN).read_text(encoding="utf-8"))  # noqa: S704  a file of this package


def static_address(name: str) -> str:
    return f"/static/{name}?v={static_files()[name].version}"


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """The icon, at the path where a browser looks for it when it shows JSON."""
    return await static_file("icon.svg", request)


@router.get("/static/{name:path}")
async def static_file(name: str, request: Request, v: str = "") -> Response:  # noqa: ARG001  what a browser keeps it by
    file = static_files().get(name)
    if file is None:
        raise ApiProblem("not_found", "There is no such file.")
    headers = {"Cache-Control": _FOREVER, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.compressed, media_type=file.kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.kind, headers=headers)
