"""What Dagster loads: assets per company, a batch job, schedules, sensors and checks; decisions are in `enrichment`."""
