"""Spans of OpenTelemetry that mirror the trace: one for a request, one for each of its events that took time.

OTEL_EXPORTER_OTLP_ENDPOINT set -> exported over HTTP        unset -> nothing is imported and nothing is made
"""

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from enrichment.domain.requests import Event, Request

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_SHOWN = ("source", "provider", "analysis", "outcome", "kind", "cost_micro_usd", "consumer", "quality", "strategy")


def exporter() -> "TracerProvider | None":
    """None: no endpoint is set."""
    if not os.environ.get(ENDPOINT):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  0.3 s
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "enrich"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def export(provider: "TracerProvider", request: Request, events: list[Event]) -> None:
    """A finished request as spans: ids, sources, outcomes and costs; no value of a profile, no secret."""
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415  the provider is made of it already

    tracer = provider.get_tracer("enrich.service")
    whole = tracer.start_span(
        f"enrich {request.consumer}",
        start_time=_nanoseconds(request.asked_at),
        attributes={
            "enrich.request_id": request.request_id,
            "enrich.asked_by": request.asked_by,
            "enrich.state": request.state,
            "enrich.served_from": request.served_from or "nothing",
            "enrich.cost_micro_usd": request.cost_micro_usd,
        },
    )
    below = set_span_in_context(whole)
    for event in events:
        took = timedelta(seconds=float(event.data.get("seconds") or 0.0))
        shown = {f"enrich.{name}": event.data[name] for name in _SHOWN if event.data.get(name) is not None}
        span = tracer.start_span(
            f"{event.stage}: {event.what}", below, start_time=_nanoseconds(event.at - took), attributes=shown
        )
        span.end(_nanoseconds(event.at))
    whole.end(_nanoseconds(request.finished_at or request.asked_at))


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1_000
