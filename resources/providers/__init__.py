"""The vendors that can be asked: CLIENTS, by their names in config/providers.yaml.

A provider is added by a file in this folder and its class here. PROVIDERS: those of them that sources ask.
"""

from typing import Any

from resources.providers.apollo import ApolloClient
from resources.providers.brightdata import BrightDataClient
from resources.providers.google_kg import GoogleKgClient
from resources.providers.openai import OpenAIModel
from resources.providers.serpapi import SerpApiClient
from resources.providers.snov import SnovClient
from resources.providers.vendor_client import AccountStatus, ProviderClient, VendorClient

PROVIDERS: dict[str, type[ProviderClient[Any]]] = {
    client.name: client for client in (GoogleKgClient, SerpApiClient, SnovClient, ApolloClient, BrightDataClient)
}
CLIENTS: dict[str, type[VendorClient]] = {**PROVIDERS, OpenAIModel.name: OpenAIModel}

__all__ = [
    "CLIENTS",
    "PROVIDERS",
    "AccountStatus",
    "NoClient",
    "OpenAIModel",
    "ProviderClient",
    "VendorClient",
    "client_of",
]


class NoClient(LookupError):
    """A provider of config/providers.yaml that this folder has no client for."""

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"{provider} has no client: add resources/providers/{provider}.py and its class to "
            f"resources/providers/__init__.py, or remove {provider} from config/providers.yaml"
        )


def client_of(provider: str) -> type[VendorClient]:
    """Raises NoClient."""
    if provider not in CLIENTS:
        raise NoClient(provider)
    return CLIENTS[provider]
