"""Which client asks which provider, and what is reported of a provider that has none."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from enrichment.rules import Rules
from resources.providers import CLIENTS, NoClient, client_of
from resources.settings import Settings, SettingsError
from resources.wiring import ProviderEndpoint, client, endpoints_of, open_context
from tests.support.recorded_provider import KEY, RULES

UNKNOWN = "people_data_labs"
WITH_UNKNOWN: Rules = RULES.model_copy(update={"providers": {**RULES.providers, UNKNOWN: RULES.providers["google_kg"]}})


def test_every_provider_of_the_shipped_rules_has_a_client_of_its_name() -> None:
    assert all(client_of(name).name == name for name in (*RULES.providers, *CLIENTS))


def test_a_provider_without_a_client_is_a_sentence_that_names_the_files() -> None:
    with pytest.raises(NoClient, match=rf"{UNKNOWN} has no client: add resources/providers/{UNKNOWN}\.py"):
        client_of(UNKNOWN)


def test_a_provider_without_a_client_is_unavailable_with_that_sentence_and_the_others_can_be_asked(
    tmp_path: Path,
) -> None:
    settings = Settings(enrich_home=tmp_path, all_variables={"google_kg_api_key": SecretStr(KEY)})
    endpoint = ProviderEndpoint("http://vendor", {"api_key": KEY})
    with pytest.raises(SettingsError, match=f"{UNKNOWN} has no client"):
        client(UNKNOWN, WITH_UNKNOWN, endpoint, settings)

    async def opened() -> tuple[bool, str]:
        async with open_context(settings, WITH_UNKNOWN) as context:
            return "google_kg" in context.providers, context.unavailable[UNKNOWN]

    assert asyncio.run(opened()) == (True, str(NoClient(UNKNOWN)))
    assert UNKNOWN not in endpoints_of(settings, WITH_UNKNOWN)[0]
