"""Spans mirror the trace: the request above, its events below, with its times and no value of a profile."""

from datetime import timedelta

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from enrichment.domain.requests import Event, Request
from service.observability.tracing import export
from tests.support.manual_clock import NOON

REQUEST = Request(
    "req_1",
    "com_1",
    "profile",
    None,
    "enhanced",
    "abc",
    NOON,
    asked_by="service:crm",
    state="complete",
    finished_at=NOON + timedelta(seconds=3),
    cost_micro_usd=150_000,
)
BOUGHT = Event(
    "req_1",
    NOON + timedelta(seconds=2),
    "collect",
    "bought",
    {"source": "snov_contacts", "seconds": 1.5, "cost_micro_usd": 150_000, "e-mail": "ana@example.com"},
)


def test_a_finished_request_is_a_span_with_a_span_for_each_event() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    export(provider, REQUEST, [BOUGHT])
    call, whole = kept.get_finished_spans()
    assert (whole.name, call.name) == ("enrich profile", "collect: bought")
    assert call.parent is not None
    assert whole.context is not None
    assert call.parent.span_id == whole.context.span_id
    assert whole.end_time is not None
    assert whole.start_time is not None
    assert whole.end_time - whole.start_time == 3_000_000_000
    assert call.end_time is not None
    assert call.start_time is not None
    assert call.end_time - call.start_time == 1_500_000_000
    assert dict(call.attributes or {}) == {"enrich.source": "snov_contacts", "enrich.cost_micro_usd": 150_000}
    assert dict(whole.attributes or {})["enrich.request_id"] == "req_1"
