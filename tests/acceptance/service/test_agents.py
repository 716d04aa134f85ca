"""Agents over MCP: reading is free, and nothing is bought without consent to exactly its quote."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from enrichment.domain.access import Right
from resources.clock import TEST_CLOCK
from resources.secrets.client_keys import issue
from resources.warehouse import Warehouse
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.agents import AnsweringPerson, agent, agent_over_stdio, call, refusal
from tests.support.eventually import PATIENCE_SECONDS

DOLLAR = 1_000_000
FREE = {"find_company", "read_profile", "trace", "changes", "spend_left", "query_warehouse"}


@pytest.fixture
def url(stack: Stack) -> Iterator[str]:
    with served(create_service(stack.settings, now=stack.clock.now)) as address:
        yield address


def key(
    stack: Stack,
    *,
    may: Sequence[Right] = ("agent",),
    up_to: int | None = None,
    name: str = "bot",
    per_day: int = DOLLAR,
) -> str:
    made = issue(
        stack.store, name, may=may, per_day=per_day, per_minute=None, now=stack.clock.now(), approve_up_to=up_to
    )
    return made.secret


def asks_of(stack: Stack) -> list[str]:
    return [request.asked_by for request in stack.store.requests.latest()]


def test_each_tool_states_what_it_answers_with_and_honestly_whether_it_buys(url: str, stack: Stack) -> None:
    async def listed() -> dict[str, Any]:
        async with agent(url, key(stack)) as client:
            assert "Read before you buy" in (client.instructions or "")
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = asyncio.run(listed())
    assert tools.keys() == FREE | {"quote", "enrich", "reject_value"}
    assert {name for name, tool in tools.items() if tool.annotations.read_only_hint} == FREE
    assert {name for name, tool in tools.items() if tool.annotations.open_world_hint} == {"enrich"}
    assert all(tool.output_schema["properties"] for tool in tools.values())
    assert {
        name: set(tool.input_schema["properties"]) for name, tool in tools.items() if name in ("quote", "enrich")
    } == {
        "quote": {"company", "consumer", "datasets", "max_age"},
        "enrich": {"quote_id"},
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("quote", {}, "invalid: company: is missing: send it."),
        ("quote", {"company": 7}, "invalid: company: send a text."),
        ("quote", {"company": "tesla.com", "consumers": "x"}, "invalid: quote has no argument 'consumers': it takes "),
        ("quote", {"company": "tesla.com", "consumer": "x"}, "unknown_name: "),
        ("quote", {"company": "tesla.com", "max_age": "0s"}, "invalid: max_age: write an age such as 3d or 12h, "),
        ("quote", {"company": "tesla.com", "datasets": []}, "invalid: datasets: name one at least, or leave it out"),
        ("quote", {"company": " "}, "invalid: company: put a name here"),
        (
            "quote",
            {"company": "tesla.com", "consumer": "profile", "datasets": ["industry"]},
            "invalid: name a consumer or datasets, not both.",
        ),
        ("enrich", {"quote_id": "quo_1"}, "not_found: There is no such quote of this key"),
    ],
)
def test_arguments_that_are_wrong_are_one_sentence_for_the_model(
    url: str, stack: Stack, tool: str, arguments: dict[str, Any], says: str
) -> None:
    async def refused() -> str:
        async with agent(url, key(stack)) as client:
            return await refusal(client, tool, **arguments)

    said = asyncio.run(refused())
    assert said.startswith(says)
    assert "pydantic" not in said
    assert "\n" not in said


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_person_is_asked_for_exactly_the_quote_and_then_it_is_bought_once(url: str, stack: Stack, mode: str) -> None:
    person = AnsweringPerson()

    async def bought() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        async with agent(url, key(stack), person, mode=mode) as client:
            quote = await call(client, "quote", company="tesla.com")
            first = await call(client, "enrich", quote_id=quote["quote_id"])
            return quote, first, await call(client, "enrich", quote_id=quote["quote_id"])

    quote, first, again = asyncio.run(bought())
    assert quote["approval"] == "person"
    [question] = person.asked
    assert f"at most {quote['most_usd']} USD" in question
    assert quote["quote_id"].partition(".")[0] in question
    assert (first["state"], first["cost_usd"], first["approved_by"]) == ("complete", "0.15", "person")
    assert again["request_id"] == first["request_id"]
    assert asks_of(stack) == ["mcp:bot, approved by person"]


@pytest.mark.parametrize("content", [None, {}, {"approve": "perhaps"}])
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_approval_that_does_not_say_whether_buys_nothing_and_says_what_is_missing(
    url: str, stack: Stack, content: dict[str, Any] | None, mode: str
) -> None:
    async def refused() -> str:
        async with agent(url, key(stack), AnsweringPerson(content=content), mode=mode) as client:
            quote = await call(client, "quote", company="tesla.com")
            return await refusal(client, "enrich", quote_id=quote["quote_id"])

    said = asyncio.run(refused())
    assert said.startswith("not_approved: Your program sent an approval without the answer `approve`")
    assert stack.invoice() == {}


@pytest.mark.parametrize(
    "person", [None, AnsweringPerson(approves=False)], ids=["no person to ask", "a person says no"]
)
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_without_a_persons_yes_nothing_is_bought(
    url: str, stack: Stack, person: AnsweringPerson | None, mode: str
) -> None:
    async def refused() -> str:
        async with agent(url, key(stack, up_to=10_000), person, mode=mode) as client:
            quote = await call(client, "quote", company="tesla.com")
            return await refusal(client, "enrich", quote_id=quote["quote_id"])

    assert ("needs_approval: " if person is None else "not_approved: ") in asyncio.run(refused())
    assert stack.invoice() == {}
    assert asks_of(stack) == []


def test_up_to_what_the_key_allows_nobody_is_asked(url: str, stack: Stack) -> None:
    async def bought() -> dict[str, Any]:
        async with agent(url, key(stack, up_to=DOLLAR)) as client:
            quote = await call(client, "quote", company="tesla.com")
            assert quote["approval"] == "policy"
            made = await call(client, "enrich", quote_id=quote["quote_id"])
            left = await call(client, "spend_left")
            assert (left["spent_today_usd"], left["left_today_usd"]) == ("0.15", "0.85")
            happened = await call(client, "trace", request_id=made["request_id"])
            assert happened["events"]
            return made

    assert asyncio.run(bought())["approved_by"] == "policy"


def test_a_quote_of_another_key_or_one_that_was_altered_or_is_over_buys_nothing(url: str, stack: Stack) -> None:
    mine, other = key(stack, up_to=DOLLAR), key(stack, up_to=DOLLAR, name="other")

    async def tried() -> list[str]:
        said = []
        async with agent(url, mine) as one, agent(url, other) as two:
            token = (await call(one, "quote", company="tesla.com"))["quote_id"]
            changed = token[:-1] + ("0" if token[-1] != "0" else "1")
            for client, given in ((two, token), (one, changed), (one, token.partition(".")[0]), (one, "quo_é.x")):
                said.append(await refusal(client, "enrich", quote_id=given))
            stack.clock.advance(minutes=11)
            assert "quote_expired" in await refusal(one, "enrich", quote_id=token)
        return said

    assert all("not_found: There is no such quote of this key" in text for text in asyncio.run(tried()))
    assert stack.invoice() == {}


def test_a_quote_whose_row_was_changed_in_the_store_buys_nothing(url: str, stack: Stack) -> None:
    async def tried() -> str:
        async with agent(url, key(stack, up_to=DOLLAR)) as client:
            token = (await call(client, "quote", company="tesla.com"))["quote_id"]
            with stack.store.database.writing() as tx:
                tx.exec_driver_sql("UPDATE quotes SET most_micro_usd = 9000000")
            return await refusal(client, "enrich", quote_id=token)

    assert "not_found" in asyncio.run(tried())
    assert stack.invoice() == {}


def test_a_price_that_rose_is_asked_about_again(url: str, stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    billed = stack.invoice()
    stack.clock.advance(days=6, hours=23, minutes=55)

    async def tried() -> str:
        async with agent(url, key(stack, up_to=DOLLAR)) as client:
            quote = await call(client, "quote", company="tesla.com")
            assert (quote["most_usd"], quote["approval"]) == ("0.00", "none")
            stack.clock.advance(minutes=9)
            return await refusal(client, "enrich", quote_id=quote["quote_id"])

    assert "price_rose: It was 0.00 USD" in asyncio.run(tried())
    assert stack.invoice() == billed


def test_what_is_left_of_the_day_limits_a_quote_and_is_no_price_that_rose(url: str, stack: Stack) -> None:
    person = AnsweringPerson()

    async def bought() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        async with agent(url, key(stack, name="rich", per_day=100 * DOLLAR)) as rich:
            without = await call(rich, "quote", company="adobe.com")
        async with agent(url, key(stack, up_to=50_000, per_day=300_000), person) as client:
            quote = await call(client, "quote", company="adobe.com")
            return without, quote, await call(client, "enrich", quote_id=quote["quote_id"])

    without, quote, made = asyncio.run(bought())
    assert float(quote["most_usd"]) <= 0.3 < float(without["most_usd"])
    assert [f"at most {quote['most_usd']} USD" in question for question in person.asked] == [True]
    assert made["approved_by"] == "person"
    assert float(made["cost_usd"]) <= float(quote["most_usd"])


def test_an_agent_that_may_only_buy_changes_nothing_that_others_are_served(url: str, stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))

    async def rejected() -> str:
        async with agent(url, key(stack)) as client:
            return await refusal(
                client, "reject_value", company="tesla.com", dataset="domain", because="a page", right="evil.example"
            )

    assert "not_allowed" in asyncio.run(rejected())


def test_what_is_known_is_read_without_buying_and_a_wrong_value_is_rejected(url: str, stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    Warehouse(stack.settings.warehouse_path).build(stack.store)
    billed = stack.invoice()

    async def read() -> None:
        async with agent(url, key(stack, may=("agent", "enrich"))) as client:
            [found] = (await call(client, "find_company", query="Tesla"))["companies"]
            assert (found["key"], found["profiles"]) == ("tesla.com", ["profile"])
            known = await call(client, "read_profile", company="tesla.com")
            values = {value["dataset"]: value for value in known["values"]}
            assert values["industry"]["source"] == "brightdata_company_db"
            assert values["industry"]["age_days"] == 0
            verdict = await call(
                client, "reject_value", company="tesla.com", dataset="employee_count", because="a person", right="7"
            )
            assert verdict["by"] == "service:bot"
            known = await call(client, "read_profile", company="tesla.com")
            assert {v["text"] for v in known["values"] if v["dataset"] == "employee_count"} == {"7"}
            assert (await call(client, "changes"))["changes"] == []
            asked = await call(client, "query_warehouse", sql="SELECT company_key FROM marts.companies")
            assert asked["rows"] == [["tesla.com"]]
            refused = await refusal(client, "query_warehouse", sql="DROP TABLE marts.companies")
            assert "exactly one SELECT" in refused

    asyncio.run(read())
    assert stack.invoice() == billed


def test_without_a_warehouse_the_command_that_builds_it_is_the_one_of_this_store(url: str, stack: Stack) -> None:
    async def read() -> str:
        async with agent(url, key(stack)) as client:
            return await refusal(client, "query_warehouse", sql="SELECT 1")

    assert asyncio.run(read()) == "invalid: There is no warehouse yet: `enrich publish --sandbox` builds it."


def test_a_key_for_agents_buys_nothing_past_consent_and_a_reader_buys_nothing_at_all(url: str, stack: Stack) -> None:
    secret, reader = key(stack, up_to=DOLLAR), key(stack, may=("read",), name="reader")
    direct = httpx.post(
        f"{url}/v1/enrichments",
        json={"company": "tesla.com"},
        headers={"Authorization": f"Bearer {secret}"},
        timeout=PATIENCE_SECONDS,
    )
    assert (direct.status_code, direct.json()["code"]) == (403, "not_allowed")

    async def tried() -> str:
        async with agent(url, reader, AnsweringPerson()) as client:
            quote = await call(client, "quote", company="tesla.com")
            return await refusal(client, "enrich", quote_id=quote["quote_id"])

    assert "not_allowed" in asyncio.run(tried())
    assert stack.invoice() == {}


@pytest.mark.parametrize("given", [None, "enr_sandbox_" + "A" * 43])
def test_without_a_valid_key_there_are_no_tools(url: str, stack: Stack, given: str | None) -> None:
    key(stack)
    headers = {"Accept": "application/json, text/event-stream"}
    headers |= {} if given is None else {"Authorization": f"Bearer {given}"}
    answer = httpx.post(
        f"{url}/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers=headers,
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("revoked", [False, True])
def test_over_stdio_a_key_that_is_not_valid_is_one_sentence(stack: Stack, revoked: bool) -> None:
    if revoked:
        stack.command("keys", "add", "bot", "--may", "agent")
        stack.command("keys", "revoke", "bot")
    done = stack.command("mcp", "--key", "bot")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("error: There is no valid key 'bot': `enrich keys list")
    assert "Traceback" not in done.stderr


def test_over_stdio_the_same_tools_ask_a_person(stack: Stack) -> None:
    person, home = AnsweringPerson(), str(stack.settings.enrich_home)

    async def bought() -> dict[str, Any]:
        environment = {
            "ENRICH_HOME": home,
            "ENRICH_CONFIG": str(stack.settings.enrich_config),
            TEST_CLOCK: stack.clock.now().isoformat(),
        }
        async with agent_over_stdio("--sandbox", person=person, **environment) as client:
            assert len((await client.list_tools()).tools) == 9
            quote = await call(client, "quote", company="tesla.com")
            return await call(client, "enrich", quote_id=quote["quote_id"])

    made = asyncio.run(bought())
    assert (made["state"], made["cost_usd"], made["approved_by"]) == ("complete", "0.15", "person")
    assert len(person.asked) == 1
