"""Which proxy a vendor is asked through, as most programs read it from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

variables -> Proxies; Proxies.of(URL) -> address of the proxy | None: directly
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from resources.providers.base_urls import is_web_address

if TYPE_CHECKING:
    import httpx

PROXY_VARIABLES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True, slots=True, repr=False)
class Proxies:
    """https, http: the proxy for addresses of this scheme. without: hosts asked directly, as NO_PROXY lists them.

    An address may contain a password, so it is not printed.
    """

    https: str | None = None
    http: str | None = None
    without: str = ""

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """variables: name in lower case -> value. Raises ValueError, a sentence that names the variable."""
        https, http = (_proxy(variables, name) for name in ("https_proxy", "http_proxy"))
        return cls(https, http, variables.get("no_proxy", ""))

    def of(self, url: "httpx.URL") -> str | None:
        direct = any(_names(entry.strip().lower(), url) for entry in self.without.split(","))
        return None if direct else self.https if url.scheme == "https" else self.http


DIRECT = Proxies()


def _names(entry: str, url: "httpx.URL") -> bool:
    """Whether an entry of NO_PROXY names this host: '*', the host itself or a domain above it, perhaps with a port."""
    entry, _, port = entry.rpartition(":") if entry.rpartition(":")[2].isdecimal() else (entry, "", "")
    host = entry.removeprefix("*").removeprefix(".")
    named = entry == "*" or (host != "" and (url.host == host or url.host.endswith(f".{host}")))
    return named and port in ("", str(url.port))


def _proxy(variables: Mapping[str, str], name: str) -> str | None:
    """ALL_PROXY where there is none of its own; an address without a scheme is one of HTTP."""
    name = name if variables.get(name) else "all_proxy"
    address = variables.get(name)
    if not address:
        return None
    address = address if "://" in address else f"http://{address}"
    if not is_web_address(address):
        raise ValueError(
            f"{name.upper()} is no address of an HTTP proxy: set it to one like http://proxy.example:3128."
        )
    return address
