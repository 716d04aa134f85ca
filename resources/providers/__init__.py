"""The vendors that can be asked: CLIENTS, by their names in config/providers.yaml.

A provider is added by a file of its name in this folder and its class here. PROVIDERS: those that sources ask.
A client is imported when it is first looked up: HTTP takes 0.1 s of CPU to import, and many commands call no vendor.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from resources.providers.vendor_client import ProviderClient, VendorClient

Client = TypeVar("Client")


class _Classes(Mapping[str, Client], Generic[Client]):
    """Provider -> the class of its client in resources/providers/<provider>.py."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __getitem__(self, provider: str) -> Client:
        class_name = self._names[provider]
        found: Client = getattr(import_module(f"{__name__}.{provider}"), class_name)
        return found

    def __contains__(self, provider: object) -> bool:
        return provider in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


_OF_SOURCES = {
    "google_kg": "GoogleKgClient",
    "serpapi": "SerpApiClient",
    "snov": "SnovClient",
    "apollo": "ApolloClient",
    "brightdata": "BrightDataClient",
}
_CREDENTIALS = {"snov": ("client_id", "client_secret")}
"""Provider -> its credentials, for providers that need something other than one key."""

PROVIDERS: "Mapping[str, type[ProviderClient[Any]]]" = _Classes(_OF_SOURCES)
CLIENTS: "Mapping[str, type[VendorClient]]" = _Classes({**_OF_SOURCES, "openai": "OpenAIModel"})

__all__ = ["CLIENTS", "PROVIDERS", "NoClient", "client_of", "credential_names"]


class NoClient(LookupError):
    """A provider of config/providers.yaml that this folder has no client for."""

    def __init__(self, provider: str) -> None:
        super().__init__(
            f"{provider} has no client: add resources/providers/{provider}.py and its class to "
            f"resources/providers/__init__.py, or remove {provider} from config/providers.yaml"
        )


def client_of(provider: str) -> "type[VendorClient]":
    """The class of a provider's client. Raises NoClient."""
    if provider not in CLIENTS:
        raise NoClient(provider)
    return CLIENTS[provider]


def credential_names(provider: str) -> tuple[str, ...]:
    """Names of the credentials of its client; their variables are <PROVIDER>_<NAME>.

    A provider without a client has a key.
    """
    return _CREDENTIALS.get(provider, ("api_key",))
