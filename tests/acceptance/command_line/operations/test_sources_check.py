"""`enrich sources check` shows per vendor what is wrong, and what to do."""

import shutil
import socket
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.providers import PROVIDERS
from sandbox.server import served
from tests.support.command_line import run

CONFIG = Path(__file__).parents[4] / "config"


def test_without_a_single_key_the_table_shows_what_to_set_for_which_vendor(tmp_path: Path) -> None:
    done = run("sources", "check", ENRICH_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "set SERPAPI_API_KEY in .env" in done.stdout
    assert "set SNOV_CLIENT_ID and SNOV_CLIENT_SECRET in .env" in done.stdout
    assert "set OPENAI_API_KEY in .env" in done.stdout
    assert done.stderr.startswith("error: No vendor credentials are set")
    assert len(done.stderr.splitlines()) == 1


def test_a_vendor_that_cannot_be_reached_differs_from_one_that_refuses(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unreachable:
        away = f"http://127.0.0.1:{unreachable.getsockname()[1]}"
    with served(Starlette(routes=[Route("/{path:path}", refuse)])) as url:
        apollo = {"APOLLO_API_KEY": "invented-key", "APOLLO_BASE_URL": away}
        done = run(
            "sources",
            "check",
            ENRICH_HOME=str(tmp_path),
            SERPAPI_API_KEY="invented-key",
            SERPAPI_BASE_URL=url,
            **apollo,
        )
    marks = {name: line for line in done.stdout.splitlines() for name in PROVIDERS if line.startswith(f"│ {name} ")}
    assert done.returncode == 3
    assert [name for name, line in marks.items() if "unreachable" in line] == ["apollo"]
    assert [name for name, line in marks.items() if "refused" in line] == ["serpapi"]
    assert "set BRIGHTDATA_API_KEY in .env" in marks["brightdata"]


def test_an_endpoint_that_does_not_serve_the_model_is_not_fit_to_use(tmp_path: Path) -> None:
    with served(Starlette(routes=[Route("/v1/models", models)])) as url:
        key = {"OPENAI_API_KEY": "invented-key", "OPENAI_BASE_URL": f"{url}/v1"}
        done = run("sources", "check", ENRICH_HOME=str(tmp_path), **key)
    words = " ".join(done.stdout.replace("│", " ").split())
    assert done.returncode == 3
    assert "does not serve gpt-4.1-mini" in words
    assert "it serves small, tiny" in words


def test_certificates_are_read_for_an_address_with_tls_only(tmp_path: Path) -> None:
    """Reading them takes as long as the rest of a call."""
    none = {"SSL_CERT_FILE": str(tmp_path / "none.pem"), "SERPAPI_API_KEY": "invented-key"}
    with served(Starlette(routes=[Route("/{path:path}", refuse)])) as url:
        plain, by_tls = [
            run("sources", "check", ENRICH_HOME=str(tmp_path), SERPAPI_BASE_URL=address, **none).stdout
            for address in (url, url.replace("http:", "https:"))
        ]
    assert "refused" in plain
    assert "unreachable" in by_tls


async def models(_request: Request) -> Response:
    return JSONResponse({"object": "list", "data": [{"id": "tiny", "object": "model"}, {"id": "small"}]})


def test_a_provider_without_a_client_is_shown_as_that_and_not_as_one_without_a_key(tmp_path: Path) -> None:
    rules = tmp_path / "config"
    shutil.copytree(CONFIG, rules)
    with (rules / "providers.yaml").open("a", encoding="utf-8") as providers:
        providers.write("\npeople_data_labs: {base_url: 'https://api.example', repeat: {rule: never}}\n")
    settings = {"ENRICH_HOME": str(tmp_path), "ENRICH_CONFIG": str(rules)}
    for keys in ({}, {"GOOGLE_KG_API_KEY": "invented-key"}):
        done = run("sources", "check", **settings, **keys)
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("│ people_data_labs ")]
        assert "no client" in line
        assert "PEOPLE_DATA_LABS_API_KEY" not in done.stdout
        assert "Traceback" not in done.stderr


def test_a_vendor_that_is_out_of_order_does_not_count_as_one_that_refuses(tmp_path: Path) -> None:
    with served(Starlette(routes=[Route("/{path:path}", break_down)])) as url:
        done = run("sources", "check", ENRICH_HOME=str(tmp_path), SERPAPI_API_KEY="invented-key", SERPAPI_BASE_URL=url)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("│ serpapi ")]
    assert "unavailable" in line
    assert "refused" not in line


async def break_down(_request: Request) -> Response:
    return JSONResponse({"error": "Overloaded."}, 503)


async def refuse(_request: Request) -> Response:
    return JSONResponse({"error": "Invalid API key."}, 401)
