"""The vendors we can ask: PROVIDERS, by the names of config/providers.yaml."""

from typing import Any

from resources.providers.apollo import ApolloClient
from resources.providers.brightdata import BrightDataClient
from resources.providers.google_kg import GoogleKgClient
from resources.providers.serpapi import SerpApiClient
from resources.providers.snov import SnovClient
from resources.providers.vendor_client import AccountStatus, ProviderClient

PROVIDERS: dict[str, type[ProviderClient[Any]]] = {
    client.name: client for client in (GoogleKgClient, SerpApiClient, SnovClient, ApolloClient, BrightDataClient)
}

__all__ = ["PROVIDERS", "AccountStatus", "ProviderClient"]
