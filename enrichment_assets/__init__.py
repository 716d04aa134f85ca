"""Dagster's view of the enrichment: assets per company, a batch job, schedule, sensors and checks. Thin."""
