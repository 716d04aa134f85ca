"""The business of enrichment: pure Python. No network, no database, no Dagster."""
