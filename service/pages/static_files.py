"""Style, scripts and icon: files of this package, sent compressed, under an address that changes when they do.

static_address("page.css") -> /static/page.css?v=3f9c0a12        nothing is fetched from anywhere else
"""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response

from service.http.problems import ApiProblem

router = APIRouter()
FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
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
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _KINDS:
            content = path.read_bytes()
            found[path.relative_to(FOLDER).as_posix()] = StaticFile(
                content, gzip.compress(content, mtime=0), _KINDS[path.suffix], sha256(content).hexdigest()[:12]
            )
    return found


def static_address(name: str) -> str:
    return f"/static/{name}?v={static_files()[name].version}"


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """Where a browser looks for it when it shows JSON."""
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
