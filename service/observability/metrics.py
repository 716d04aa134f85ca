"""What Prometheus reads: counted as it happens, gauges when asked.

requests, seconds, USD, hits by layer; calls of vendors by outcome; requests under way; vendors that are not asked
"""

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from enrichment.domain.money import MICRO_USD
from enrichment.domain.requests import Event, Request

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """One registry per service, so that two in one process do not count together."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "enrich_http_requests", "Calls of the API", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "enrich_http_request_seconds",
            "How long calls of the API take",
            ["method", "route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300),
            registry=self.registry,
        )
        self.requests = Counter(
            "enrich_requests", "Enrichments that ended", ["consumer", "strategy", "state", "served"],
            registry=self.registry,
        )  # fmt: skip
        self.usd = Counter("enrich_usd", "USD that enrichments cost", ["consumer", "strategy"], registry=self.registry)
        self.vendor_calls = Counter(
            "enrich_vendor_calls", "Calls of vendors", ["source", "outcome"], registry=self.registry
        )
        self.under_way = Gauge("enrich_under_way", "Cold requests under way", registry=self.registry)
        self.room = Gauge("enrich_under_way_most", "As many cold requests may be under way", registry=self.registry)
        self.unavailable = Gauge(
            "enrich_provider_unavailable", "Providers that are not asked now", ["provider"], registry=self.registry
        )

    def watch(self, event: Event) -> None:
        """Counts an event of a request under way."""
        source = event.data.get("source") or event.data.get("analysis")
        if source is None:
            return
        if event.what == "bought":
            self.vendor_calls.labels(source, event.data.get("outcome") or "settled").inc()
        elif event.what == "failed":
            self.vendor_calls.labels(source, event.data.get("kind") or "failed").inc()

    def ended(self, request: Request) -> None:
        labels = request.consumer, request.strategy
        self.requests.labels(*labels, request.state, request.served_from or "nothing").inc()
        self.usd.labels(*labels).inc(request.cost_micro_usd / MICRO_USD)

    def text(self, *, under_way: int, most: int, unavailable: Iterable[str]) -> bytes:
        """The metrics as Prometheus reads them. most: cold requests that may be under way. unavailable: providers."""
        self.under_way.set(under_way)
        self.room.set(most)
        self.unavailable.clear()
        for provider in unavailable:
            self.unavailable.labels(provider).set(1)
        return generate_latest(self.registry)
