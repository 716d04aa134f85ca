"""The vendors we can ask: PROVIDERS, by the names of config/providers.yaml."""

from typing import Any

from resources.providers.apollo import ApolloClient
from resources.providers.brightdata import BrightDataClient
from resources.providers.client import AccountStatus, ProviderClient
from resources.providers.google_kg import GoogleKgClient
from resources.providers.serpapi import SerpApiClient
from resources.providers.snov import SnovClient

PROVIDERS: dict[str, type[ProviderClient[Any]]] = {
    client.name: client for client in (GoogleKgClient, SerpApiClient, SnovClient, ApolloClient, BrightDataClient)
}

__all__ = ["PROVIDERS", "AccountStatus", "ProviderClient"]
