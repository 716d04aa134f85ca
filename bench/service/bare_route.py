"""What the service is measured beside: one Starlette route that reads the same profile row of the same file.

python -m bench.service.bare_route STORE_FILE PORT
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_ROW = "SELECT document FROM profiles ORDER BY created_at DESC LIMIT 1"


@contextmanager
def bare_route(file: str) -> Iterator[Starlette]:
    """file: of the store."""
    with closing(sqlite3.connect(file, check_same_thread=False)) as connection:

        async def read(request: Request) -> Response:
            await request.json()
            row = await run_in_threadpool(lambda: connection.cursor().execute(_ROW).fetchone())
            return Response(row[0], media_type="application/json")

        yield Starlette(routes=[Route("/", read, methods=["POST"])])


def main() -> None:
    with bare_route(sys.argv[1]) as app:
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="critical", access_log=False)


if __name__ == "__main__":
    main()
