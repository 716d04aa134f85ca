"""The calls a worker made, as a bare script can make them again.

provider's transport -> CallRecorder -> calls, and how many were under way at once -> file
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from resources.providers.http_call import HttpCall, HttpResponse, Transport
from resources.providers.vendor_client import VendorClient


@dataclass(frozen=True)
class SentCall:
    """A call as it was sent, keys included: they are the sandbox's."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


class CallRecorder:
    """The calls of all providers of one process. at_once: the most calls that were under way together."""

    def __init__(self) -> None:
        self._made: list[tuple[VendorClient, str, HttpCall]] = []
        self._under_way = 0
        self.at_once = 0

    def listen_to(self, client: VendorClient, base_url: str) -> None:
        """Records the calls of a provider; called before its first one. base_url: as configured."""
        carrier = client.session_config.transport
        client.session_config = replace(client.session_config, transport=_Recorded(self, client, base_url, carrier))

    async def carried(
        self, client: VendorClient, base_url: str, call: HttpCall, carrier: Transport, seconds: float
    ) -> HttpResponse:
        self._made.append((client, base_url, call))
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            return await carrier.receive(call, seconds=seconds)
        finally:
            self._under_way -= 1

    @property
    def calls(self) -> int:
        return len(self._made)

    def written(self, path: Path) -> None:
        path.write_text(json.dumps([asdict(_as_sent(*made)) for made in self._made]), encoding="utf-8")


@dataclass(frozen=True)
class _Recorded:
    recorder: CallRecorder
    client: VendorClient
    base_url: str
    carrier: Transport

    async def receive(self, call: HttpCall, *, seconds: float) -> HttpResponse:
        return await self.recorder.carried(self.client, self.base_url, call, self.carrier, seconds)


def recorded_calls(path: Path) -> list[SentCall]:
    return [SentCall(**call) for call in json.loads(path.read_text(encoding="utf-8"))]


def _as_sent(client: VendorClient, base_url: str, call: HttpCall) -> SentCall:
    query = _query([*call.params, *client.secret_params().items()])
    headers = {"user-agent": "enrichment", "accept": "application/json, */*"}
    headers |= {**call.headers, **client.secret_headers()}
    body = ""
    if call.json is not None:
        headers["content-type"], body = "application/json", json.dumps(call.json)
    elif call.form is not None:
        headers["content-type"], body = "application/x-www-form-urlencoded", urlencode(call.form)
    return SentCall(call.method, client.root(base_url) + call.path + query, headers, body)


def _query(params: Iterable[tuple[str, str]]) -> str:
    text = urlencode(list(params))
    return f"?{text}" if text else ""
