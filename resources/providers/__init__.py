"""The vendors we can ask: PROVIDERS, by the names of config/providers.yaml."""

from typing import Any

from resources.providers.brightdata import BrightDataClient
from resources.providers.client import AccountStatus, ProviderClient
from resources.providers.google_kg import GoogleKgClient

PROVIDERS: dict[str, type[ProviderClient[Any]]] = {client.name: client for client in (GoogleKgClient, BrightDataClient)}

__all__ = ["PROVIDERS", "AccountStatus", "ProviderClient"]
