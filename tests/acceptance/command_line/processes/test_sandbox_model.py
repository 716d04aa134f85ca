"""In the sandbox another language model answers only where that is asked for by name."""

import json
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.server import served
from tests.acceptance.conftest import Stack

WORDS = ("company", "tesla.com", "--for", "vendor_context", "--json")


class OwnModel:
    """An endpoint that answers every question with nothing, and keeps the keys it is sent."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def chat(self, request: Request) -> Response:
        self.keys.append(request.headers["authorization"])
        schema = (await request.json())["response_format"]["json_schema"]["schema"]
        content = json.dumps({name: [] for name in schema["properties"]})
        choice = {"message": {"content": content}, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})


@pytest.fixture
def own() -> Iterator[tuple[OwnModel, str]]:
    model = OwnModel()
    with served(Starlette(routes=[Route("/v1/chat/completions", model.chat, methods=["POST"])])) as url:
        yield model, f"{url}/v1"


def test_a_base_url_alone_changes_nothing_in_the_sandbox(stack: Stack, own: tuple[OwnModel, str]) -> None:
    model, url = own
    stack.command(*WORDS, OPENAI_BASE_URL=url)
    assert model.keys == []


def test_an_own_model_is_asked_where_it_is_named_on_purpose_and_gets_no_real_key(
    stack: Stack, own: tuple[OwnModel, str]
) -> None:
    model, url = own
    done = stack.command(*WORDS, OPENAI_BASE_URL=url, OPENAI_API_KEY="real-key", ENRICH_SANDBOX_MODEL="own")
    assert json.loads(done.stdout)["profile"]["analyses"]["positioning"]["claims_kept"] == 0
    assert model.keys
    assert all(key.startswith("Bearer sandbox-") for key in model.keys)
    assert "openai" not in stack.invoice()


def test_an_own_model_without_an_address_is_one_sentence(stack: Stack) -> None:
    done = stack.command(*WORDS, ENRICH_SANDBOX_MODEL="own")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ENRICH_SANDBOX_MODEL is own, but OPENAI_BASE_URL is not set")
