"""One vendor, one file: its JSON, its errors, its units and coverage are private to it. VENDORS names their classes."""

from collections.abc import Iterable

from sandbox.calls.request import Vendor
from sandbox.companies.coverage import Rates
from sandbox.vendors.apollo import Apollo
from sandbox.vendors.brightdata import BrightData
from sandbox.vendors.google_kg import GoogleKnowledgeGraph
from sandbox.vendors.openai import OpenAI
from sandbox.vendors.serpapi import SerpApi
from sandbox.vendors.snov import Snov

VENDORS: tuple[type[Vendor], ...] = (SerpApi, Snov, Apollo, BrightData, GoogleKnowledgeGraph, OpenAI)


def units_of(vendors: Iterable[type[Vendor]]) -> dict[str, tuple[str, ...]]:
    """Vendor -> what it charges in."""
    return {vendor.name: vendor.units for vendor in vendors}


def coverage_of(vendors: Iterable[type[Vendor]]) -> dict[str, Rates]:
    """Source -> what it knows, of all these vendors."""
    return {source: rates for vendor in vendors for source, rates in vendor.coverage.items()}
